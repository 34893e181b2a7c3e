"""The stage graph and its execution."""
