"""Imports: the service downloads a recording from a URL into S3, under task protection."""
