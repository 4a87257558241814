"""The matcher against labelled pairs it has not seen, and how fast it is."""
