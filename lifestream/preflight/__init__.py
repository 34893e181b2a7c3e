"""Compares what an environment needs with what its account has, before anything is created."""
