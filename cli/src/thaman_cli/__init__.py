"""The ``thaman`` command: start, look after and question a whole installation."""
