"""The demand model against weeks it has not seen, on the sales of a real grocer (Ta-Feng)."""
