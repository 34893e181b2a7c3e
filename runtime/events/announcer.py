"""Turns records of the jobs table's stream into announcements, in their order."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from runtime.core.contract import JobsTable
from runtime.core.errors import LifestreamError, Permanent
from runtime.core.job_events import CHANGED_MESSAGE_TYPE, JobEvent, job_event
from runtime.core.jobs import Job
from runtime.core.log import Log
from runtime.core.ports import MessageSender


class EventBus(Protocol):
    """A bus of events. Raises `Retryable` and `Permanent`."""

    def put(self, event: JobEvent) -> None:
        """Put one event on the bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Announces changes; `read_job` turns an item into a job and raises `Permanent`."""

    environment: str
    bus: EventBus
    queue: MessageSender | None
    read_job: Callable[[Mapping[str, Any]], Job]
    log: Log

    def announce(self, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return the sequence number of the first record that failed, from which to try again.

        Announcing is at least once; receivers know a repetition by its `event_id`.
        """
        for record in records:
            change = record["dynamodb"]
            try:
                self._announce(change)
            except LifestreamError as error:
                self.log.error("events.failed", code=error.code, error=error.summary)
                return [str(change["SequenceNumber"])]
        return []

    def _announce(self, change: Mapping[str, Any]) -> None:
        if "NewImage" not in change or _is_erased(change["NewImage"]):
            return  # The record was deleted, has expired, or is what an erasure leaves.
        try:
            after = self.read_job(change["NewImage"])
            old = change.get("OldImage")
            before = None if old is None or _is_erased(old) else self.read_job(old)
        except Permanent as error:
            # It would fail for ever and hold up every change behind it.
            self.log.error("events.unreadable", code=error.code, error=error.summary)
            return
        event = job_event(before, after, environment=self.environment)
        if event is None:
            return
        self.bus.put(event)
        if self.queue is not None and event.owner is not None:
            self.queue.send(changed_message(event))
        self.log.info(
            "events.announced",
            job_id=after.job_id,
            attempt=after.attempt,
            event_type=event.event_type,
            event_id=event.event_id,
        )


def _is_erased(item: Mapping[str, Any]) -> bool:
    state = item.get(JobsTable.STATE_INDEX_PARTITION_KEY, {})
    return bool(state.get("S") == JobsTable.ERASED)


def changed_message(event: JobEvent) -> str:
    """Return the webhook queue's message of a change."""
    return json.dumps({"type": CHANGED_MESSAGE_TYPE, "event": asdict(event)}, ensure_ascii=False)
