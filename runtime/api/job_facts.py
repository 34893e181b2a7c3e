"""What a job's results say of its recording: length, speakers, language, warnings, picture.

A publication never changes, so what was read once is kept by the key of its `summary.json`.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job
from runtime.core.log import Log
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.core.recent import Recent

KEPT = 5000
THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """Facts of a publication; each is None where the results do not say."""

    duration_seconds: float | None = None
    speakers: int | None = None
    language: str | None = None
    thumbnail: bool = False
    warnings: tuple[tuple[str, str], ...] = ()


NO_FACTS = JobFacts()


class FactsReader:
    """Reads facts from `summary.json`; a job whose results cannot be read has none."""

    def __init__(self, objects: ObjectStore, *, log: Log) -> None:
        self._objects = objects
        self._log = log
        self._kept: Recent[tuple[str, str], JobFacts] = Recent(KEPT)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="facts")

    def of(self, job: Job) -> JobFacts:
        """Return a job's facts, read if need be."""
        known = self._known(job)
        if known is not None or job.result_key is None:
            return known or NO_FACTS
        place = job.source.bucket, job.result_key
        found = self._read(*place)
        if found is None:
            return NO_FACTS
        self._kept.put(place, found)
        return found

    def of_all(self, jobs: Sequence[Job]) -> list[JobFacts]:
        """Return the facts of several jobs, in their order; unknown ones are read together."""
        found = [self._known(job) for job in jobs]
        unknown = [job for job, known in zip(jobs, found, strict=True) if known is None]
        read = iter(list(self._pool.map(self.of, unknown)) if unknown else [])
        return [next(read) if known is None else known for known in found]

    def _known(self, job: Job) -> JobFacts | None:
        """Return what needs no read, else None."""
        if job.result_key is None:
            return NO_FACTS
        return self._kept.get((job.source.bucket, job.result_key))

    def _read(self, bucket: str, key: str) -> JobFacts | None:
        try:
            return facts_of(json.loads(self._objects.read_bytes(bucket, key)))
        except (
            ObjectNotFoundError,
            LifestreamError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            self._log.warning("api.no_facts", key=key, error=repr(error))
            return None


def facts_of(summary: Any) -> JobFacts:
    """Return the facts in a `summary.json`; raise `TypeError` where it is no object."""
    if not isinstance(summary, dict):
        raise TypeError("the summary is no object")
    media = summary.get("media") or {}
    speakers = summary.get("speakers")
    scenes = summary.get("scenes") or []
    return JobFacts(
        duration_seconds=media.get("duration_seconds"),
        speakers=None if speakers is None else len(speakers),
        language=summary.get("language"),
        thumbnail=any(scene.get("thumbnail") for scene in scenes),
        warnings=tuple((each["code"], each["message"]) for each in summary.get("warnings", [])),
    )
