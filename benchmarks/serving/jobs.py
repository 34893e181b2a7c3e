"""Jobs that the load follows: recorded in the jobs table, and reported on as processors do."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.serving.cloud import Service
from runtime.aws.job_store import DynamoJobStore
from runtime.core.contract import EnvVar
from runtime.core.jobs import Job, Source, claim_new, report, start
from runtime.core.submission import Submission

SIZE_BYTES = 1000
STAGES = ("audio", "transcribe", "diarize")


@dataclass(slots=True)
class Recordings:
    """Running jobs by owner; `progress` reports on one of them."""

    store: DynamoJobStore
    jobs: dict[str, Job] = field(default_factory=dict)

    @classmethod
    def create(cls, service: Service, owners: Sequence[str], *, each: int) -> "Recordings":
        """Record running jobs of each owner."""
        made = cls(service.job_store)
        for owner in owners:
            for number in range(each):
                source = Source(
                    bucket=service.resources[EnvVar.MEDIA_BUCKET],
                    key=f"uploads/{owner}/talk-{number}.mp4",
                    etag=f"{number:032x}",
                    size_bytes=SIZE_BYTES,
                )
                job = running_job(made.store, source, Submission(owner=owner, title="A talk"))
                made.jobs[job.job_id] = job
        return made

    def of(self, owner: str) -> list[str]:
        """Return the ids of an owner's jobs."""
        return [i for i, job in self.jobs.items() if job.submission.owner == owner]

    def progress(self, choice: random.Random) -> None:
        """Report on one job at random, as its processor would."""
        job_id = choice.choice(sorted(self.jobs))
        before = self.jobs[job_id]
        after = report(
            before, now=time.time(), stage=choice.choice(STAGES), progress=choice.random()
        )
        self.store.save(before, after)
        self.jobs[job_id] = after


def running_job(store: DynamoJobStore, source: Source, submission: Submission) -> Job:
    """Record a job that a processor has started."""
    now = time.time()
    claimed = claim_new(source, now=now, lease_seconds=60, submission=submission)
    running = start(claimed, now=now, task_arn=None)
    store.create(claimed)
    store.save(claimed, running)
    return running
