"""Pricing runs: the Scout reads rivals' offers, the Analyst finds the price, the Executor decides its course."""
