"""People who cancel, retry, reprocess, delete and upload again while jobs run."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from chaos.conditions import Act, TimedAct
from chaos.traffic import Video
from lifestream import job_actions
from lifestream.ports import Operations
from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job, State
from runtime.core.periodic_thread import PeriodicThread

LOOK_SECONDS = 0.1
SOURCE_GONE = "source.gone"
"""How a job ends whose upload is deleted before it is fetched."""


@dataclass(slots=True)
class _Due:
    at: float
    video: Video
    acts: list[TimedAct]


class People(PeriodicThread):
    """Within its context, carries out each video's acts in order, when time and state allow it."""

    def __init__(self, operations: Operations, upload: Callable[[Video], None]) -> None:
        super().__init__("people", every_seconds=LOOK_SECONDS)
        self._operations = operations
        self._upload = upload
        self._due: dict[int, _Due] = {}
        self._lock = threading.Lock()
        self.acts = 0

    def expect(self, video: Video) -> None:
        """Begin with a video that is uploaded now."""
        acts = list(video.scenario.conditions.acts)
        if acts:
            with self._lock:
                self._due[video.number] = _Due(time.monotonic(), video, acts)

    def busy_with(self, number: int) -> bool:
        """Return whether acts on a job are left."""
        with self._lock:
            return number in self._due

    def once(self) -> bool:
        """Do what is due; a refused or contended command is typed again."""
        with self._lock:
            due = list(self._due.values())
        for each in due:
            with suppress(LifestreamError, BotoCoreError, ClientError, OSError):
                self._work_on(each)
        return True

    def _work_on(self, due: _Due) -> None:
        first = due.acts[0]
        if time.monotonic() < due.at + first.after_seconds:
            return
        if not self._do(first.act, due.video, last=len(due.acts) == 1):
            return
        self.acts += 1
        due.acts.pop(0)
        if not due.acts:
            with self._lock:
                del self._due[due.video.number]

    def _do(self, act: Act, video: Video, *, last: bool) -> bool:
        """Return whether the act is done with."""
        job_id = video.source.job_id
        job = self._operations.jobs.get(job_id)
        match act:
            case Act.DELETE:
                if job is None:
                    return False
                source = video.source
                self._operations.objects.remove(source.bucket, {source.key: source.etag})
            case Act.UPLOAD_AGAIN:
                self._upload(video)
            case Act.CANCEL:
                if job is None:
                    return False
                job_actions.cancel(self._operations, job_id)
            case Act.REPROCESS:
                return self._once_in(State.SUCCEEDED, job, job_actions.reprocess)
            case Act.RETRY:
                return self._retry(job, last=last)
        return True

    def _once_in(
        self, state: State, job: Job | None, do: Callable[[Operations, str], object]
    ) -> bool:
        if job is None or job.state is not state:
            # One that failed or was cancelled meanwhile is no longer to be reprocessed.
            return job is not None and job.ended
        do(self._operations, job.job_id)
        return True

    def _retry(self, job: Job | None, *, last: bool) -> bool:
        """Retry now; a last one is repeated until the job succeeds or fails for another reason."""
        if job is None:
            return False
        gone = job.failure is not None and job.failure.code == SOURCE_GONE
        if not last or job.state is State.CANCELLED or gone:
            job_actions.retry(self._operations, job.job_id)
            return not last
        return job.ended
