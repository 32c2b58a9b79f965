"""One file per command of `barometer`."""
