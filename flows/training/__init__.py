"""`barometer train`: from labelled text to a model folder. Needs the `train` extra."""
