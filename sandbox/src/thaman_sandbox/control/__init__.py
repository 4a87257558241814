"""The control API (``/_sandbox``): what a test, a demo or an operator does to this world. Local use only."""
