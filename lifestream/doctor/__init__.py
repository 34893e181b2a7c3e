"""Examines an environment: AWS is read at the edge, and judged by pure functions."""
