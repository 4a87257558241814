"""What the ledger says: rows of the read models and lines for people. Pure."""
