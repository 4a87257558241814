"""The dashboard: what a merchant sees of a store, and the read models behind the pages."""
