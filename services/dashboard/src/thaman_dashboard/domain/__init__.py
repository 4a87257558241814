"""How events become rows, and what they mean to people: pure, no input or output."""
