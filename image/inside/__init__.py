"""Runs inside the build or the container, never on the machine that builds."""
