"""Proves a deployed environment by using it as a user would, wherever it is deployed."""
