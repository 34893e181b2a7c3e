"""What holds for every test."""

from hypothesis import settings

# How long one example takes says something about the machine, not about the code under test.
settings.register_profile("lifestream", deadline=None)
settings.load_profile("lifestream")
