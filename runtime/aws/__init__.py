"""Adapters behind the ports, one AWS service each."""
