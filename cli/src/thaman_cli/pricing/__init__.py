"""What ``thaman price`` is made of: lines, memory between calls, whole files."""
