"""Things that Saudi shops sell: several trades, in Arabic and English, the same for the same number every time."""
