"""The dispatcher's world with a reaper in it: its messages, its sweeps, tasks that die."""

from runtime.core.contract import Compute
from runtime.core.jobs import Job, Source, succeed
from runtime.core.ports import FilledQueue
from runtime.reaper.diagnosis import StoppedTask
from runtime.reaper.reaper import Reaper
from runtime.reaper.remedies import SUSPICION_SECONDS, UNANNOUNCED_SECONDS, Budget
from tests.fakes.killing import Killed
from tests.fakes.tasks import FakeTasks
from tests.unit.dispatcher.world import World, s3_event

JOB_TIMEOUT_SECONDS = 3600.0
SILENCE_SECONDS = 900.0
MAX_RUNS = 3
PLENTY = 60.0


class Afterlife(World):
    """`sweep` and `task_stopped` run the reaper; `deliver_all` what it announced."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks = FakeTasks(self.launcher)
        self.reaper = Reaper(
            jobs=self.switch.guard(self.jobs),
            tasks=self.switch.guard(self.tasks),
            queue=self.switch.guard(self.queue),
            work_queues=self.work_queues(),
            clock=self.clock,
            budget=Budget(
                max_runs=MAX_RUNS,
                job_timeout_seconds=JOB_TIMEOUT_SECONDS,
                silence_seconds=SILENCE_SECONDS,
            ),
            telemetry=self.telemetry,
        )

    def work_queues(self) -> dict[Compute, FilledQueue]:
        """Return the work queues; without workers there are none."""
        return {}

    def sweep(self) -> None:
        self.reaper.sweep(lambda: PLENTY)

    def sweep_and_perhaps_die(self) -> None:
        try:
            self.sweep()
        except Killed:
            self.log.info("test.killed")

    def deliver_all(self) -> None:
        """Deliver each announced message; what fails is lost, as in the dead-letter queue."""
        for body in self.queue.take():
            self.deliver(body)

    def launched(self) -> Source:
        """An upload whose task was started and has not reported."""
        source = self.upload()
        assert self.deliver(s3_event())
        return source

    def running(self) -> Source:
        """An upload whose processor has reported once."""
        source = self.launched()
        self.start_processor(source)
        return source

    def die(self, source: Source, **how: str | int) -> StoppedTask:
        """The task of the current attempt is gone without a word; returns its event."""
        job = self.job(source)
        self.launcher.stop(job.job_id, job.attempt)
        return StoppedTask(
            task_arn="arn:any",
            job_id=job.job_id,
            attempt=job.attempt,
            **how,  # type: ignore[arg-type] # words of an event
        )

    def finish(self, source: Source) -> Job:
        """The current attempt's processor runs to its end."""
        running = self.start_processor(source)
        done = succeed(running, now=self.clock.now(), result_key="results/any/summary.json")
        self.jobs.save(running, done)
        return done

    def sweep_out_the_silent(self) -> None:
        """Sweep twice: a silent job is suspected first."""
        self.sweep()
        self.clock.advance(SUSPICION_SECONDS)
        self.sweep()

    def until_stuck(self) -> None:
        self.clock.advance(UNANNOUNCED_SECONDS)
