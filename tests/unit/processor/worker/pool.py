"""A pool in memory: the real dispatcher, reaper and worker around fake tools, queues and ECS."""

import signal
from pathlib import Path

from runtime.core.contract import Compute, Device, ExitCode
from runtime.core.jobs import Job, Source, State
from runtime.core.ports import JobStore, ObjectStore
from runtime.core.telemetry import Telemetry
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.routing import QueueLauncher, Routes
from runtime.processor.attempt import Ports
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.settings import ProcessorSettings
from runtime.processor.supervision.shutdown import Shutdown
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.inbox import Inbox
from runtime.processor.worker.job_runner import JobRunner
from runtime.processor.worker.worker import Worker
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import gap_free
from runtime.protection.ports import Reports
from runtime.reaper.reaper import Reaper
from runtime.reaper.remedies import Budget
from tests.fakes.killing import KillSwitch
from tests.fakes.launcher import FakeLauncher
from tests.fakes.protection import FakeProtection
from tests.fakes.queue import FakeJobsQueue
from tests.fakes.tasks import FakeTasks
from tests.fakes.work_queue import FakeWorkQueue
from tests.unit.dispatcher.world import s3_event
from tests.unit.processor.studio import BUCKET, TIMEOUT_SECONDS, Studio

STOP_TIMEOUT_SECONDS = 120.0
TASK_ARN = "arn:aws:ecs:any:1:task/any/worker"
LEASE_SECONDS = 60.0
SILENCE_SECONDS = 300.0
MAX_RUNS = 3


class FaultyAnnouncements(FakeJobsQueue):
    """`faults` are raised first, one a send."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        if self.faults:
            raise self.faults.pop(0)
        super().send(body, delay_seconds=delay_seconds)


class Pool:
    """`run` has a new worker work until its queue is empty; then it is asked to stop.

    `left` are the codes that a worker left at once with, `pauses` the seconds it waited.
    """

    def __init__(self, folder: Path) -> None:
        self.studio = Studio(work_dir=folder)
        self.clock = self.studio.clock
        self.log = self.studio.log
        self.metrics = self.studio.metrics
        self.telemetry = Telemetry(log=self.log, metrics=self.metrics)
        self.jobs = self.studio.jobs
        self.switch = KillSwitch()
        self.ecs = FakeProtection(clock=self.clock)
        self.work = FakeWorkQueue(clock=self.clock)
        self.announced = FaultyAnnouncements()
        self.left: list[ExitCode] = []
        self.pauses: list[float] = []
        self.tools_made = 0
        self.acquire_timeout_seconds = 10.0
        self.dispatcher = Dispatcher(
            bucket=BUCKET,
            objects=self.studio.objects,
            claims=Claims(
                jobs=self.jobs,
                launcher=Routes({Compute.CPU: QueueLauncher(self.work)}),
                clock=self.clock,
                lease_seconds=LEASE_SECONDS,
            ),
            queue=self.announced,
            telemetry=self.telemetry,
        )
        self.reaper = Reaper(
            jobs=self.jobs,
            tasks=FakeTasks(FakeLauncher()),
            queue=self.announced,
            work_queues={Compute.CPU: self.work},
            clock=self.clock,
            budget=Budget(
                max_runs=MAX_RUNS,
                job_timeout_seconds=TIMEOUT_SECONDS,
                silence_seconds=SILENCE_SECONDS,
                unannounced_seconds=SILENCE_SECONDS,
            ),
            telemetry=self.telemetry,
        )
        self.new_worker()

    def new_worker(self) -> Worker:
        """Make the next worker process; nothing runs yet."""
        self.shutdown = Shutdown(
            clock=self.clock,
            log=self.log,
            stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
            margin_seconds=self.settings.stop_plan.margin_seconds,
        )
        self.work.when_empty = self.stop
        self.manager = ProtectionManager(
            client=self.ecs,
            policy=gap_free(),
            monotonic=self.clock,
            wall=self.clock,
            reports=Reports(log=self.log, count=self.telemetry.count),
            abort=lambda _why: self.stop(),
            jitter=lambda: 0.0,
            required=True,
            acquire_timeout_seconds=self.acquire_timeout_seconds,
        )
        guard = self.switch.guard
        jobs: JobStore = guard(self.jobs)
        objects: ObjectStore = guard(self.studio.objects)
        runner = JobRunner(
            settings=self.settings,
            ports=Ports(objects=objects, jobs=jobs),
            toolkit=self._tools(),
            task_arn=TASK_ARN,
            clock=self.clock,
            telemetry=self.telemetry,
            shutdown=self.shutdown,
        )
        self.worker = Worker(
            inbox=Inbox(self.work, poll_seconds=0),
            work=guard(self.work),
            announcements=guard(self.announced),
            clock=self.clock,
            jobs=jobs,
            protection=guard(self.manager),
            shutdown=self.shutdown,
            run_attempt=runner.run,
            visibility_seconds=120,
            timeout_seconds=TIMEOUT_SECONDS,
            telemetry=self.telemetry,
            polling=self._backoff(),
            starting=self._backoff(),
            abort=lambda _why: self.stop(),
            exit_process=self.left.append,
            collect_garbage=lambda: None,
        )
        return self.worker

    @property
    def settings(self) -> ProcessorSettings:
        return ProcessorSettings(
            environment="any",
            jobs_table="any",
            idempotency_table="any",
            region="any",
            work_dir=self.studio.work_dir,
            models_dir=self.studio.work_dir,
            asr_model="any",
            device=Device.CPU,
            timeout_seconds=TIMEOUT_SECONDS,
            stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
            max_runs=MAX_RUNS,
            log_level="INFO",
            task_metadata_uri=None,
        )

    def upload(self, name: str = "Harbour talk", **metadata: str) -> Source:
        """Upload a video and have it dispatched."""
        key = f"uploads/{name}.mp4"
        source = self.studio.objects.put(BUCKET, key, b"any video", **metadata)
        self.dispatcher.work(s3_event(source.key, bucket=BUCKET))
        return source

    def run(self) -> ExitCode:
        """Run the worker to its end, and make the next one."""
        self.manager.start()
        try:
            return self.worker.run()
        finally:
            self.manager.close()
            self.new_worker()

    def stop(self) -> None:
        """Tell the worker to stop, as a signal does."""
        self.shutdown.note(signal.SIGTERM)

    def job(self, source: Source) -> Job:
        job = self.jobs.get(source.job_id)
        assert job is not None
        return job

    def let_time_pass(self) -> None:
        """Let everything that waits for a timeout have it, and what it leads to be dispatched."""
        self.clock.advance(SILENCE_SECONDS)
        self.reaper.sweep(lambda: 60.0)
        for body in self.announced.take():
            self.dispatcher.work(body)

    def states(self, source: Source) -> list[State]:
        """The states that a job's record has had, in order, without repetitions."""
        saved = [job.state for job in self.jobs.saved if job.job_id == source.job_id]
        return [s for n, s in enumerate(saved) if n == 0 or saved[n - 1] is not s]

    def _tools(self) -> Toolkit:
        self.tools_made += 1
        return self.studio.tools()

    def _backoff(self) -> Backoff:
        return Backoff(pause=self.pauses.append, jitter=lambda: 0.0)
