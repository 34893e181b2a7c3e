"""Model weights: checked, then loaded from a local folder; never from a network."""
