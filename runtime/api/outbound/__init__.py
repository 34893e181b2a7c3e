"""Calls to addresses that callers name: only public ones, checked where they are connected."""
