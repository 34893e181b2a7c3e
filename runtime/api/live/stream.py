"""The events of one stream: what changed since the last event id, then every change."""

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool

from runtime.api.job_facts import NO_FACTS, FactsReader, JobFacts
from runtime.api.job_view import job_model
from runtime.api.live.changes import OVERLAP_SECONDS, event_id, is_newer
from runtime.api.live.hub import Hub
from runtime.core.jobs import Job

HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Event:
    """A message of a stream; `job` None is a heartbeat. `facts` are those of its results."""

    job: Job | None = None
    facts: JobFacts = NO_FACTS

    @property
    def event_id(self) -> str:
        """The id by which a reader resumes."""
        return "" if self.job is None else str(event_id(self.job))

    def data(self) -> dict[str, Any]:
        """Return the whole job, as JSON values."""
        return {} if self.job is None else job_model(self.job, self.facts).model_dump(mode="json")


async def job_events(
    hub: Hub, read: Callable[[], Job | None], *, job_id: str, last_event_id: int | None
) -> AsyncGenerator[Event]:
    """Yield a job's state, unless the reader has it, and its changes until it has ended."""
    watcher = hub.watch(lambda job: job.job_id == job_id)
    try:
        # The watcher comes first, so that no change falls between.
        shown = await run_in_threadpool(read)
        if shown is None:
            return
        if last_event_id is None or event_id(shown) > last_event_id or shown.ended:
            yield Event(shown)
        while not shown.ended and not watcher.closed:
            job = await watcher.next(HEARTBEAT_SECONDS)
            if job is None:
                if not watcher.closed:
                    yield Event()
            elif is_newer(job, shown):
                shown = job
                yield Event(job)
    finally:
        hub.leave(watcher)


async def owner_events(
    hub: Hub,
    read_since: Callable[[float], Iterable[Job]],
    *,
    owner: str,
    last_event_id: int | None,
) -> AsyncGenerator[Event]:
    """Yield the changes of all jobs of an owner, from the last event id on, without an end.

    `read_since` returns the owner's jobs that changed since a time. A job may come again after a
    reconnection, because writers' clocks differ; none is left out.
    """
    watcher = hub.watch(lambda job: job.submission.owner == owner)
    try:
        if last_event_id is not None:
            missed = await run_in_threadpool(read_since, last_event_id / 1000 - OVERLAP_SECONDS)
            for job in sorted(filter(watcher.wanted, missed), key=event_id):
                yield Event(job)
        while not watcher.closed:
            found = await watcher.next(HEARTBEAT_SECONDS)
            if found is not None or not watcher.closed:
                yield Event(found)
    finally:
        hub.leave(watcher)


async def with_facts(events: AsyncGenerator[Event], facts: FactsReader) -> AsyncGenerator[Event]:
    """Yield the events, those of jobs with results together with their facts."""
    try:
        async for event in events:
            if event.job is None or event.job.result_key is None:
                yield event
            else:
                yield Event(event.job, await run_in_threadpool(facts.of, event.job))
    finally:
        await events.aclose()
