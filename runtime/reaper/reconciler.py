"""Finds uploads that have no job, because their event was lost, and announces them."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.clock import WallClock
from runtime.core.contract import UPLOADS_PREFIX, Metric, is_folder_marker
from runtime.core.messages import Upload, confirm_message
from runtime.core.ports import JobStore, ListedObject, MessageSender, ObjectStore
from runtime.core.spans import about
from runtime.core.telemetry import Telemetry

LOST_EVENT_SECONDS = 1800.0
"""Younger uploads may still have a message in flight."""

MAX_AGE_SECONDS = 3 * 24 * 3600.0
"""Older uploads were looked at by earlier runs."""

RESERVE_SECONDS = 15.0
"""Time that must be left to look at one more upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Compares the uploads of the last days with the jobs' records. Idempotent."""

    bucket: str
    uploads: ObjectStore
    jobs: JobStore
    queue: MessageSender
    clock: WallClock
    telemetry: Telemetry
    lost_event_seconds: float = LOST_EVENT_SECONDS

    def run(self, remaining_seconds: Callable[[], float]) -> None:
        """Announce every upload without a job, as far as time allows."""
        announced = 0
        for listed in self.uploads.list_objects(self.bucket, UPLOADS_PREFIX):
            age = self.clock.now() - listed.modified_at
            if not self.lost_event_seconds <= age <= MAX_AGE_SECONDS:
                continue
            if is_folder_marker(listed.source.key, listed.source.size_bytes):
                continue
            if remaining_seconds() < RESERVE_SECONDS:
                self.telemetry.log.warning("reconciler.out_of_time")
                break
            if self.jobs.get(listed.source.job_id) is None:
                self._announce(listed)
                announced += 1
        self.telemetry.metrics.put({Metric.UPLOADS_WITHOUT_JOB: announced})

    def _announce(self, listed: ListedObject) -> None:
        self.queue.send(confirm_message(Upload(self.bucket, listed.source.key)))
        self.telemetry.log.warning(
            "reconciler.announced", **about(listed.source.job_id), key=listed.source.key
        )
