"""Processors killed at random moments: what they lose, and whether their successors notice."""
