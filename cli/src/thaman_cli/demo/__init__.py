"""The demo: three stores, connected in three ways, priced in three modes, on the local Salla."""
