"""A simulated world for `barometer demo`: outlets, text and the truth about it."""
