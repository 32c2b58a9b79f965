"""What the figures mean and whom to tell: points, falls, incidents, digests, channels."""
