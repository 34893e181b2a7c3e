"""Launcher: the names of front doors."""

TEST = "test"
"""The door `NAME:test` leads where the test listener rule of the service NAME does."""
