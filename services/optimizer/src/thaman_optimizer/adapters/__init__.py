"""The optimizer's outer edge: SQL, and other people's web pages."""
