"""Looking for rivals' listings: in feeds, with a search engine, and in sites' own lists of their pages."""
