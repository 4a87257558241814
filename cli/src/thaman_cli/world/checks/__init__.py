"""One module per invariant of the map."""
