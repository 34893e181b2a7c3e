"""Stacks, one for each part of the system with a life of its own."""
