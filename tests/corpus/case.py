"""One file of the corpus, and what must become of it."""

from dataclasses import dataclass, field

from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits
from tests.corpus.making import (
    Make,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file. Either `code` refuses it, or its `sound` and `picture` last so long, in seconds.

    None means that there is no such track. `warnings` are the codes in the results.
    """

    make: Make
    code: str | None = None
    sound: float | None = None
    picture: float | None = None
    warnings: tuple[str, ...] = ()
    tolerance: float = 0.12
    limits: MediaLimits = USUAL_LIMITS
    audio_track: str = "default"
    facts: dict[str, object] = field(default_factory=dict)


def refused(code: str, make: Make, **others: object) -> Case:
    return Case(make=make, code=code, **others)  # type: ignore[arg-type]


def kept(
    make: Make, sound: float | None, picture: float | None, *warnings: str, **others: object
) -> Case:
    return Case(make=make, sound=sound, picture=picture, warnings=warnings, **others)  # type: ignore[arg-type]
