"""Training the transformer: needs torch (the `train` extra); nothing that judges imports it, but hf_model."""
