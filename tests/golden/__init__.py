"""What the first release recorded, kept for ever: its histories, and the shape of every stored event."""
