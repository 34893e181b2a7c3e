"""Commands for operators of an environment: `python -m lifestream --help`."""
