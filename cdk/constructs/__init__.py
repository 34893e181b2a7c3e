"""Constructs, one for each capability."""
