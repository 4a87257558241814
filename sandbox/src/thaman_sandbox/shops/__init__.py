"""Competitor shops: ordinary websites with prices on their pages, some of them badly made."""
