"""Refuses changes that would delete or replace what holds data, unless they are accepted."""
