"""Writing decided prices to Salla."""
