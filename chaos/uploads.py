"""Uploads of a run: all faults laid, some videos at a time, the next as jobs end."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chaos.clips import make_clip
from chaos.command import Say
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.job_numbers import JobNumbers
from chaos.ledger import Ledger
from chaos.outages import Outages
from chaos.plan import Plan
from chaos.proxy import Proxy
from chaos.system import System
from chaos.traffic import Traffic, videos
from runtime.core.contract import Output
from runtime.core.jobs import Job


class Uploads:
    """Jobs of a run: `videos` by number, `open` with their moment of upload, `ended` by state.

    From its creation on `proxy` injects the faults of a plan.
    """

    def __init__(
        self,
        system: System,
        proxy: Proxy,
        *,
        plan: Plan,
        fault_log: FaultLog,
        ledger: Ledger,
        folder: Path,
        in_flight: int,
        outages: Outages | None = None,
    ) -> None:
        self.videos = videos(plan, make_clip(folder / "clip.mp4"), bucket=system.bucket)
        job_numbers = JobNumbers()
        proxy.handle = FaultInjector(
            job_numbers=job_numbers,
            fault_log=fault_log,
            ledger=ledger,
            jobs_table=system.outputs[Output.JOBS_TABLE],
            outages=outages,
        ).handle
        self.traffic = Traffic(system, job_numbers, self.videos)
        self._jobs = system.jobs()
        self._in_flight = in_flight
        self._waiting = list(reversed(self.videos))
        self.open: dict[int, float] = {}
        self.ended: Counter[str] = Counter()

    @property
    def finished(self) -> bool:
        """Whether every video was uploaded and no job is open."""
        return not self.open and not self._waiting

    def step(self) -> Iterator[tuple[int, float, Job | None]]:
        """Upload what may be open and count what has ended.

        Yields each other job: its number, its moment of upload and its record.
        """
        while self._waiting and len(self.open) < self._in_flight:
            video = self._waiting.pop()
            self.traffic.upload(video)
            self.open[video.number] = time.monotonic()
        for number, uploaded in list(self.open.items()):
            job = self._jobs.get(self.videos[number].source.job_id)
            if job is not None and job.ended:
                self.ended[str(job.state)] += 1
                del self.open[number]
            else:
                yield number, uploaded, job


def timed(say: Say) -> Say:
    """Return `say` with the seconds since now before each line."""
    began = time.monotonic()
    return lambda line: say(f"{time.monotonic() - began:6.1f} s  {line}")


def counted(counter: "Counter[str]") -> str:
    """Return a count of things in words."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counter.items()))
