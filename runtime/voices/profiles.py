"""Profiles of voices in the service's records: one record for each recording of a person.

Each record names its job, so that erasing a recording erases what was learned from it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from runtime.core.media import Voice
from runtime.core.service_ports import Record, RecordConflictError, Records, by_owner

MOST_SAMPLES = 1_000
"""The most records of one owner."""

_ID_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A voice that was enrolled: whose, from which recording, and who consented when.

    `vector` is the voice's embedding by `model`. Times in seconds since the epoch.
    """

    profile: str
    name: str
    job_id: str
    speaker: str
    seconds: float
    model: str
    vector: tuple[float, ...]
    consented_by: str
    consented_at: float
    enrolled_by: str
    enrolled_at: float


class VoicesFullError(Exception):
    """An owner has `MOST_SAMPLES` samples already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """The enrolled voices of all owners."""

    records: Records

    def of_owner(self, owner: str) -> list[Sample]:
        """Return an owner's samples, those of a profile together."""
        found = self.records.below(by_owner(owner), "voice#", limit=MOST_SAMPLES)
        return [_sample(record.data) for record in found]

    def enrol(self, owner: str, sample: Sample) -> None:
        """Keep a sample; one of the same recording and speaker is replaced."""
        record = Record(pk=by_owner(owner), sk=_sk(sample), data=_data(sample))
        try:
            if len(self.of_owner(owner)) >= MOST_SAMPLES:
                raise VoicesFullError
            self.records.create(record)
        except RecordConflictError:
            self.records.delete(record.pk, record.sk)
            self.records.create(record)

    def erase(self, owner: str, profile: str | None = None) -> int:
        """Delete an owner's samples, of one profile or all; return how many there were."""
        found = [sample for sample in self.of_owner(owner) if profile in {None, sample.profile}]
        for sample in found:
            self.records.delete(by_owner(owner), _sk(sample))
        return len(found)


def profile_id(owner: str, name: str) -> str:
    """Return the id of an owner's profile for a name."""
    return hashlib.sha256(f"{owner}\0{name.casefold()}".encode()).hexdigest()[:_ID_CHARACTERS]


def voices_of(samples: Sequence[Sample]) -> dict[str, list[Voice]]:
    """Return the voices of each profile."""
    found: dict[str, list[Voice]] = {}
    for sample in samples:
        voice = Voice(
            speaker=sample.speaker,
            seconds=sample.seconds,
            vector=sample.vector,
            model=sample.model,
        )
        found.setdefault(sample.profile, []).append(voice)
    return found


def sample_of(voice: Voice, **fields_of_sample: Any) -> Sample:
    """Return the sample of a recording's voice."""
    return Sample(
        speaker=voice.speaker, seconds=voice.seconds, vector=voice.vector, **fields_of_sample
    )


def _sk(sample: Sample) -> str:
    return f"voice#{sample.profile}#{sample.job_id}#{sample.speaker}"


def _data(sample: Sample) -> dict[str, Any]:
    return {**asdict(sample), "vector": list(sample.vector)}


def _sample(data: Mapping[str, Any]) -> Sample:
    values = {each.name: data[each.name] for each in fields(Sample)}
    values["vector"] = tuple(float(x) for x in values["vector"])
    return Sample(**values)
