"""One run of a pool from its deployment to its report."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.clips import make_clip
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.job_numbers import JobNumbers
from chaos.ledger import NO_JOB, Breach, Ledger, Violation
from chaos.pool.agent_faults import AgentFaults
from chaos.pool.log_audit import audit
from chaos.pool.report import PoolReport
from chaos.pool.service_churn import ServiceChurn
from chaos.pool.slow_plan import slow_plan
from chaos.pool.workers import shorten_worker_timeouts
from chaos.proxy import serving
from chaos.report import check_final_state
from chaos.run import etag
from chaos.system import System, deployed
from chaos.traffic import Traffic, Video, videos
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


def run(size: PoolSize, folder: Path, say: Say) -> PoolReport:
    """Run once; `folder` is left with the logs of all processes."""
    plan = slow_plan(size.seed, size.jobs)
    began = time.monotonic()

    def log(line: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {line}")

    log(f"seed {size.seed}, protection {'on' if size.protection else 'off'}, see {folder}")
    with serving() as proxy, deployed(proxy, folder, log, launch=Launch.POOL) as system:
        everything = videos(plan, make_clip(folder / "clip.mp4"), bucket=system.bucket, etag=etag)
        ledger, job_numbers = Ledger(lambda _job, _attempt: False), JobNumbers()
        proxy.handle = FaultInjector(
            job_numbers=job_numbers,
            fault_log=FaultLog(plan, folder / "slow-calls.jsonl"),
            ledger=ledger,
            jobs_table=system.outputs[Output.JOBS_TABLE],
        ).handle
        pool = Pool(system.cloud, system.outputs)
        shorten_worker_timeouts(system, pool, protection=size.protection)
        log("the workers have short timeouts; the first videos are uploaded")
        traffic = Traffic(system, job_numbers, everything)
        churn = ServiceChurn(pool, seed=size.seed)
        work = _Work(size, system, traffic, churn, everything)
        fault = AgentFaults(system.cloud.endpoint_url, seed=size.seed)
        churn.start()
        fault.start()
        for line in work.lines():
            log(line)
        churn.stop()
        fault.stop()
        traffic.stop()
        pool.scale_to_zero()
        gone = pool.await_empty()
        log(
            f"{churn.scalings} changes of how many workers are wanted, "
            f"{fault.count} faults of the agent"
        )
        logs = tuple(streams(system))
        system.keep_logs(folder / "logs")
        found = (
            *ledger.violations,
            *work.late(),
            *check_final_state(system, everything),
            *left(system),
        )
    return PoolReport(
        jobs=size.jobs,
        stops=audit(logs),
        deployments=churn.deployments,
        violations=tuple(dict.fromkeys(found)),
        idle_gone_seconds=gone,
    )


class _Work:
    """Uploads as jobs end, deploys on the way, and looks until all have ended or time is up."""

    def __init__(
        self,
        size: PoolSize,
        system: System,
        traffic: Traffic,
        churn: ServiceChurn,
        everything: Sequence[Video],
    ) -> None:
        self._size = size
        self._system = system
        self._jobs = system.jobs()
        self._traffic = traffic
        self._churn = churn
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
                self._churn.deploy()
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
        done, planned = self._churn.deployments, self._size.deployments
        return self._size.jobs * (done + 1) / (planned + 1) if done < planned else float("inf")

    def _look(self) -> None:
        for number, video in list(self._open.items()):
            job = self._jobs.get(video.source.job_id)
            if job is not None and job.ended:
                self._ended[str(job.state)] += 1
                del self._open[number]

    def _progress(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self._ended.items()))
        workers = len(self._system.tasks())
        return f"{states or 'none ended'}, {len(self._open)} under way, {workers} workers"


def streams(system: System) -> Iterator[list[str]]:
    """Yield the lines of each worker in their order."""
    logs, group = system.cloud.client("logs"), system.outputs[Output.PROCESSOR_LOG_GROUP]
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream["logStreamName"]]
            )
            yield [event["message"] for found in pages for event in found["events"]]


def left(system: System) -> Iterator[Violation]:
    """Yield the work that is left in the queues of the pool."""
    for queue in QUEUES:
        if count := system.messages(queue):
            yield Violation(Breach.STUCK, NO_JOB, f"{queue} still has {count} message(s)")
