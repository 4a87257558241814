"""A store's ledger in files: JSON Lines, which is the canonical form, and Parquet, which gives the same bytes back."""
