"""What arrives: documents, the sources they come from and the bus that carries them."""
