"""The rules of time: pure, no input or output."""
