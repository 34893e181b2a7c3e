"""How much faster AWS's own periods pass here, so that nobody waits minutes for a scaling."""

TIME_SCALE = 30.0
"""A minute takes two seconds: of alarms that scale, of cooldowns, of the first health checks."""


def here(seconds: float) -> float:
    """Return how many seconds here stand for so many of AWS's."""
    return seconds / TIME_SCALE
