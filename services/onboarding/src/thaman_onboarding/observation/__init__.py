"""Reading Salla: catalogues, sales, hand edits."""
