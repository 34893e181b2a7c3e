"""What a rule between settings is, and what it answers when they do not go together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A setting that does not go with the others; `allowed` completes "allowed is ..."."""

    key: str
    given: Any
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule over the settings `keys`; `allowed` gets their values and returns None if they fit.

    A refusal is reported at the first key.
    """

    keys: tuple[str, ...]
    allowed: Callable[..., str | None]
