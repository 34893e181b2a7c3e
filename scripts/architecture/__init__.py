"""Draws what an environment's templates create, and what flows between it."""
