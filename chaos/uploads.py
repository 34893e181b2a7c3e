"""Uploads of a run: all faults laid, some videos at a time, the next as jobs end."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.clips import make_clip, make_speech_clip
from chaos.command import Say
from chaos.events import announce_only_heard
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.job_numbers import JobNumbers
from chaos.ledger import Ledger
from chaos.machine.faults import write_machine_faults
from chaos.outages import Outages
from chaos.people import People
from chaos.plan import Plan
from chaos.processes import is_alive
from chaos.proxy import Proxy
from chaos.system import OTHER, System
from chaos.traffic import Traffic, videos
from local import toolchain
from runtime.core.contract import Output
from runtime.core.jobs import Job

TALK = "talk.mp4"
"""The recording from which videos with speech are cut."""


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
        most_tasks: int | None = None,
        outages: Outages,
    ) -> None:
        self.videos = videos(
            plan,
            make_clip(folder / "clip.mp4"),
            make_speech_clip(toolchain.MEDIA / TALK, folder / "speech.mp4"),
            bucket=system.bucket,
        )
        for image in ("image", OTHER):
            if (folder / image).exists():
                write_machine_faults(folder / image, self.videos)
        announce_only_heard(system)
        job_numbers = JobNumbers()
        self._injector = FaultInjector(
            job_numbers=job_numbers,
            fault_log=fault_log,
            ledger=ledger,
            jobs_table=system.outputs[Output.JOBS_TABLE],
            outages=outages,
            send=proxy.forward,
        )
        proxy.handle = self._injector.handle
        self.traffic = Traffic(system, job_numbers, self.videos)
        self.people = People(system.operations(), self.traffic.write)
        self._jobs = system.jobs()
        self._in_flight = in_flight
        self._most_tasks = most_tasks
        self._tasks = system.tasks
        self._outages = outages
        self._waiting = list(reversed(self.videos))
        self.open: dict[int, float] = {}
        self.ended: Counter[str] = Counter()

    @property
    def finished(self) -> bool:
        """Whether every video was uploaded and no job is open."""
        return not self.open and not self._waiting

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Send what is due and let people act for the duration of the block."""
        with self.traffic, self.people:
            yield

    def receiving(self) -> int:
        """Return how many living processes have received from a queue."""
        return sum(is_alive(pid) for pid in tuple(self._injector.receivers))

    def step(self) -> Iterator[tuple[int, float, Job | None]]:
        """Upload what may be open and count what has ended.

        Yields each other job: its number, its moment of upload and its record.
        """
        for _ in range(self._room()):
            if not self._is_time():
                break
            video = self._waiting.pop()
            self.traffic.upload(video)
            self.people.expect(video)
            self.open[video.number] = time.monotonic()
        for number, uploaded in list(self.open.items()):
            job = self._jobs.get(self.videos[number].source.job_id)
            if job is not None and job.ended and not self.people.busy_with(number):
                self.ended[str(job.state)] += 1
                del self.open[number]
            else:
                yield number, uploaded, job

    def _room(self) -> int:
        """Return how many videos may be uploaded now.

        Jobs that wait take no processor, so tasks are counted too: more than a machine can run
        would all start too late by the run's short timeouts.
        """
        room = min(len(self._waiting), self._in_flight - len(self.open))
        if room > 0 and self._most_tasks is not None:
            room = min(room, self._most_tasks - len(self._tasks()))
        return max(0, room)

    def _is_time(self) -> bool:
        number = self._waiting[-1].number
        return self._outages.may_upload(number, len(self.videos))


def timed(say: Say) -> Say:
    """Return `say` with the seconds since now before each line."""
    began = time.monotonic()
    return lambda line: say(f"{time.monotonic() - began:6.1f} s  {line}")


def counted(counter: "Counter[str]") -> str:
    """Return a count of things in words."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counter.items()))
