"""The speakers of a recording and what is known of their voices."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.web.view.recording import Speaker

UNNAMED = re.compile(r"(Speaker \d+|Unknown speaker)")
"""What a speaker is called whom no person has named."""

UNKNOWN = "UNKNOWN"
"""The label of words without a voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A speaker: the sample that is remembered and its profile, or else who it may be."""

    speaker: Speaker
    named: bool
    sample: Mapping[str, Any] | None
    profile: str | None
    proposal: str | None
    similarity: float | None


def people(
    speakers: Sequence[Speaker],
    job_id: str,
    profiles: Sequence[Mapping[str, Any]],
    proposals: Sequence[Mapping[str, Any]],
) -> tuple[Person, ...]:
    """Return a recording's speakers with their samples, and with proposals by the known voices."""
    samples = {
        sample["speaker"]: (profile["profile"], sample)
        for profile in profiles
        for sample in profile["samples"]
        if sample["job_id"] == job_id
    }
    proposed = {each["speaker"]: each for each in proposals}

    def person(speaker: Speaker) -> Person:
        profile, sample = samples.get(speaker.id, (None, None))
        proposal = proposed.get(speaker.id, {})
        return Person(
            speaker=speaker,
            named=UNNAMED.fullmatch(speaker.name) is None,
            sample=sample,
            profile=profile,
            proposal=proposal.get("name"),
            similarity=proposal.get("similarity"),
        )

    return tuple(person(speaker) for speaker in speakers if speaker.id != UNKNOWN)
