"""What a document says: targets, stances, and the classifiers that judge them."""
