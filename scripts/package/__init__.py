"""Builds the distribution of task protection, `scale-in-guard`."""
