"""Chaos of imports: instances that end in every way, servers that are slow or lie."""
