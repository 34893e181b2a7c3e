"""One run of a pool from its deployment to its verdict."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.clips import make_clip
from chaos.fault_injector import FaultInjector
from chaos.fault_log import Tally
from chaos.ledger import NOBODY, Breach, Ledger, Violation
from chaos.pool.agent import AgentTrouble
from chaos.pool.log_audit import autopsy
from chaos.pool.scheduling import Scheduling
from chaos.pool.slowness import slow_plan
from chaos.pool.verdict import PoolVerdict
from chaos.pool.workers import hurry_workers
from chaos.proxy import serving
from chaos.run import etag
from chaos.subjects import Subjects
from chaos.system import Place, deployed
from chaos.traffic import Traffic, Video, videos
from chaos.verdict import examine
from local.pool import Pool
from runtime.core.contract import Launch, Output

LOOK_SECONDS = 0.5
SAY_SECONDS = 5.0
QUEUES = (Output.WORK_QUEUE_URL, Output.WORK_DLQ_URL)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """How much a run does; `limit_seconds` is for all jobs, `deployments` are spread over them."""

    jobs: int
    seed: int
    in_flight: int
    deployments: int
    protection: bool
    limit_seconds: float


def run(size: PoolSize, folder: Path, say: Say) -> PoolVerdict:
    """Run once; `folder` is left with the logs of all processes."""
    plan = slow_plan(size.seed, size.jobs)
    began = time.monotonic()

    def tell(line: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {line}")

    tell(f"seed {size.seed}, protection {'on' if size.protection else 'off'}, see {folder}")
    with serving() as proxy, deployed(proxy, folder, tell, launch=Launch.POOL) as place:
        everything = videos(plan, make_clip(folder / "clip.mp4"), bucket=place.bucket, etag=etag)
        ledger, subjects = Ledger(lambda _job, _attempt: False), Subjects()
        proxy.handle = FaultInjector(
            subjects=subjects,
            tally=Tally(plan, folder / "slow-calls.jsonl"),
            ledger=ledger,
            jobs_table=place.outputs[Output.JOBS_TABLE],
        ).handle
        pool = Pool(place.cloud, place.outputs)
        hurry_workers(place, pool, protection=size.protection)
        tell("the workers are in a hurry; the first videos are uploaded")
        traffic = Traffic(place, subjects, everything)
        scheduling = Scheduling(pool, seed=size.seed)
        work = _Work(size, place, traffic, scheduling, everything)
        trouble = AgentTrouble(place.cloud.endpoint_url, seed=size.seed)
        scheduling.start()
        trouble.start()
        for line in work.lines():
            tell(line)
        scheduling.stop()
        trouble.stop()
        traffic.stop()
        pool.dismiss()
        gone = pool.await_nothing()
        tell(
            f"{scheduling.scalings} changes of how many workers are wanted, "
            f"{trouble.count} troubles of the agent"
        )
        logs = tuple(streams(place))
        place.keep_logs(folder / "logs")
        found = (*ledger.violations, *work.late(), *examine(place, everything), *left(place))
    return PoolVerdict(
        jobs=size.jobs,
        stops=autopsy(logs),
        deployments=scheduling.deployments,
        violations=tuple(dict.fromkeys(found)),
        idle_gone_seconds=gone,
    )


class _Work:
    """Uploads as jobs end, deploys on the way, and looks until all have ended or time is up."""

    def __init__(
        self,
        size: PoolSize,
        place: Place,
        traffic: Traffic,
        scheduling: Scheduling,
        everything: Sequence[Video],
    ) -> None:
        self._size = size
        self._place = place
        self._jobs = place.jobs()
        self._traffic = traffic
        self._scheduling = scheduling
        self._waiting = list(reversed(everything))
        self._open: dict[int, Video] = {}
        self._ended: Counter[str] = Counter()

    def lines(self) -> Iterator[str]:
        """Work to the end, yielding a line of progress now and then."""
        deadline = time.monotonic() + self._size.limit_seconds
        said = 0.0
        while (self._open or self._waiting) and time.monotonic() < deadline:
            while self._waiting and len(self._open) < self._size.in_flight:
                video = self._waiting.pop()
                self._traffic.upload(video)
                self._open[video.number] = video
            self._look()
            if self._ended.total() >= self._due():
                self._scheduling.deploy()
                yield "every worker is to be replaced"
            if time.monotonic() - said >= SAY_SECONDS:
                said = time.monotonic()
                yield self._progress()
            time.sleep(LOOK_SECONDS)
        yield self._progress()

    def late(self) -> Iterator[Violation]:
        """Yield the jobs that had not ended in time."""
        for number in self._open:
            yield Violation(Breach.STUCK, number, "has not ended in time")

    def _due(self) -> float:
        """Return after how many ended jobs the next deployment begins."""
        done, planned = self._scheduling.deployments, self._size.deployments
        return self._size.jobs * (done + 1) / (planned + 1) if done < planned else float("inf")

    def _look(self) -> None:
        for number, video in list(self._open.items()):
            job = self._jobs.get(video.source.job_id)
            if job is not None and job.ended:
                self._ended[str(job.state)] += 1
                del self._open[number]

    def _progress(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self._ended.items()))
        workers = len(self._place.tasks())
        return f"{states or 'none ended'}, {len(self._open)} under way, {workers} workers"


def streams(place: Place) -> Iterator[list[str]]:
    """Yield the lines of each worker in their order."""
    logs, group = place.cloud.client("logs"), place.outputs[Output.PROCESSOR_LOG_GROUP]
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream["logStreamName"]]
            )
            yield [event["message"] for found in pages for event in found["events"]]


def left(place: Place) -> Iterator[Violation]:
    """Yield the work that is left in the queues of the pool."""
    for queue in QUEUES:
        if count := place.messages(queue):
            yield Violation(Breach.STUCK, NOBODY, f"{queue} still has {count} message(s)")
