"""What a price should be, and why: pure functions and the aggregates that remember the answers."""
