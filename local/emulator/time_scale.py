"""Launcher: how much faster AWS's own periods pass, so that scaling takes seconds, not minutes."""

TIME_SCALE = 30.0
"""A minute takes two seconds: of alarms that scale, of cooldowns, of the first health checks."""


def scaled(seconds: float) -> float:
    """Return the local seconds that stand for seconds of AWS."""
    return seconds / TIME_SCALE
