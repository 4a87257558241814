"""A merchant's ways through the dashboard, one file for each part; ``test_dashboard.py`` gathers them."""
