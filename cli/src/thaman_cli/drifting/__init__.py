"""``thaman drift``: a store as the ledger says it is, against what Salla shows at this moment."""
