"""One run from its plan to its report."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chaos.clips import make_clip
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.job_numbers import JobNumbers
from chaos.ledger import Breach, Ledger, Violation
from chaos.operators import Operators
from chaos.outages import Outages
from chaos.plan import draw_plan
from chaos.proxy import Proxy, serving
from chaos.report import RunReport, check_final_state
from chaos.system import Budgets, System, deployed, operator_environment
from chaos.traffic import Traffic, Video, videos
from runtime.core.contract import Output
from runtime.core.jobs import Job

LOOK_SECONDS = 1.0
SAY_SECONDS = 5.0
QUIET_LOOKS = 3
"""So often in a row nothing must be left to do: a message between two queues is in neither."""

OLD_ENOUGH_SECONDS = 1.5
"""A younger task may have been started by a request that came late, after it was looked for."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSize:
    """How much a run does. `bound_seconds` is for one job, `limit_seconds` for all of them."""

    jobs: int
    seed: int
    in_flight: int
    bound_seconds: float
    limit_seconds: float
    budgets: Budgets = Budgets.PRODUCTION
    outage_seconds: float = 0.0


def run(size: RunSize, folder: Path, say: Say) -> RunReport:
    """Run once; `folder` is left with the plan, the faults that came about and the cloud's logs."""
    plan = draw_plan(size.seed, size.jobs)
    (folder / "plan.txt").write_text("".join(line + "\n" for line in plan.lines()))
    fault_log = FaultLog(plan, folder / "faults.jsonl")
    began = time.monotonic()

    def log(line: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {line}")

    log(f"seed {size.seed}: {plan.size} faults are planned, see {folder}")
    with serving() as proxy, deployed(proxy, folder, log, budgets=size.budgets) as system:
        everything = videos(plan, make_clip(folder / "clip.mp4"), bucket=system.bucket, etag=etag)
        ledger, job_numbers = Ledger(_task_lives(system)), JobNumbers()
        proxy.handle = FaultInjector(
            job_numbers=job_numbers,
            fault_log=fault_log,
            ledger=ledger,
            jobs_table=system.outputs[Output.JOBS_TABLE],
            outages=Outages(
                seconds=size.outage_seconds, began=time.monotonic(), now=time.monotonic
            ),
        ).handle
        with _operating(
            system, proxy, folder, redrive=size.budgets is Budgets.REDRIVE
        ) as operators:
            traffic = Traffic(system, job_numbers, everything)
            progress = _Progress(
                size, system, traffic, everything, time.monotonic() + size.limit_seconds
            )
            for line in progress.lines(fault_log, ledger):
                log(line)
            traffic.stop()
        log(
            f"{operators.sweeps} sweeps, {operators.redrives} redrives, "
            f"{traffic.sent} extra messages, "
            f"{ledger.manifests} manifests written; {_counted(fault_log.kinds)}"
        )
        system.keep_logs(folder / "logs")
        found = (*ledger.violations, *progress.late, *check_final_state(system, everything))
    return RunReport(jobs=size.jobs, faults=fault_log.count, violations=tuple(dict.fromkeys(found)))


@contextmanager
def _operating(system: System, proxy: Proxy, folder: Path, *, redrive: bool) -> Iterator[Operators]:
    operators = Operators(system, *operator_environment(system, proxy, folder), redrive=redrive)
    operators.start()
    try:
        yield operators
    finally:
        operators.stop()


class _Progress:
    """Uploads as jobs end, and polls until nothing is left or time is up."""

    def __init__(
        self,
        size: RunSize,
        system: System,
        traffic: Traffic,
        all_videos: list[Video],
        deadline: float,
    ) -> None:
        self._size = size
        self._system = system
        self._jobs = system.jobs()
        self._traffic = traffic
        self._waiting = list(reversed(all_videos))
        self._uploaded: dict[int, float] = {}
        self._open: dict[int, Video] = {}
        self._ended: dict[int, Job] = {}
        self._deadline = deadline
        self.late: list[Violation] = []

    def lines(self, fault_log: FaultLog, ledger: Ledger) -> Iterator[str]:
        """Work to the end, yielding a line of progress now and then, and each broken promise."""
        said = 0.0
        reported = 0
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < self._deadline:
            self._upload()
            self._look()
            quiet = quiet + 1 if self._settled() else 0
            broken = (*ledger.violations, *self.late)
            yield from map(str, broken[reported:])
            reported = len(broken)
            if time.monotonic() - said >= SAY_SECONDS:
                said = time.monotonic()
                yield self._progress(fault_log)
            time.sleep(LOOK_SECONDS)
        yield self._progress(fault_log)

    def _settled(self) -> bool:
        # What is about a job that is given up may go round for ever.
        return (
            not self._open and not self._waiting and (bool(self.late) or not self._left().total())
        )

    def _upload(self) -> None:
        while self._waiting and len(self._open) < self._size.in_flight:
            video = self._waiting.pop()
            self._traffic.upload(video)
            self._uploaded[video.number] = time.monotonic()
            self._open[video.number] = video

    def _look(self) -> None:
        now = time.monotonic()
        for number, video in list(self._open.items()):
            job = self._jobs.get(video.source.job_id)
            if job is not None and job.ended:
                self._ended[number] = job
                del self._open[number]
            elif now - self._uploaded[number] > self._size.bound_seconds:
                state = "no record" if job is None else f"{job.state} (attempt {job.attempt})"
                breach = Breach.LOST if job is None else Breach.STUCK
                what = f"has {state} {self._size.bound_seconds:.0f} s after its upload"
                self.late.append(Violation(breach, number, what))
                del self._open[number]

    def _left(self) -> "Counter[str]":
        return Counter(
            {
                "messages to send": self._traffic.outstanding,
                "messages": self._system.messages(Output.JOBS_QUEUE_URL),
                "dead letters": self._system.messages(Output.JOBS_DLQ_URL),
                "tasks": len(self._system.tasks()),
            }
        )

    def _progress(self, fault_log: FaultLog) -> str:
        states = Counter(str(job.state) for job in self._ended.values())
        return (
            f"{len(self._ended)} of {self._size.jobs} ended ({_counted(states) or 'none'}), "
            f"{len(self._open)} under way, {fault_log.count} faults; left: {_counted(self._left())}"
        )


def _task_lives(system: System) -> Callable[[str, int], bool]:
    ecs, cluster = system.cloud.client("ecs"), system.outputs[Output.CLUSTER]

    def lives(job_id: str, attempt: int) -> bool:
        arns = ecs.list_tasks(cluster=cluster, startedBy=f"{job_id}-{attempt}")["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        now = time.time()
        return any(now - _seconds(task["createdAt"]) > OLD_ENOUGH_SECONDS for task in tasks)

    return lives


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def etag(content: bytes) -> str:
    """Return the ETag that S3 gives to content uploaded in one part."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _counted(counter: "Counter[str]") -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counter.items()))
