"""The addresses of the dashboard, page by page."""
