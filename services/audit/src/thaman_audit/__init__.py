"""The audit: the ledger of every event, hash-chained per store."""
