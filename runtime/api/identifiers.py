"""The form of the ids that the service gives; what has another form exists nowhere."""

import re

_HEX = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")


def known_form(identifier: str) -> bool:
    """Return whether an id may exist: 16 or 32 hexadecimal digits."""
    return _HEX.fullmatch(identifier) is not None
