"""Every store that knows a job, in memory, with the eraser of them."""

from dataclasses import dataclass, field, replace

from runtime.core.contract import result_prefix, work_prefix
from runtime.core.erasure import (
    KeptCopy,
    KeptPlace,
)
from runtime.core.jobs import (
    Job,
    claim_new,
    erase,
    start,
    succeed,
)
from runtime.core.service_ports import Record
from runtime.core.submission import Submission
from runtime.core.telemetry import Telemetry
from runtime.core.tracer import NoTracing
from runtime.reaper.eraser import Eraser
from runtime.reaper.service_traces import ServiceTraces
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import InMemoryErasures, InMemoryVersions
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.killing import KillSwitch
from tests.fakes.launcher import FakeLauncher
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.service_records import InMemoryRecords
from tests.fakes.tasks import FakeTasks
from tests.fakes.work_queue import FakeWorkQueue

BUCKET, OWNER, UPLOAD = "any-media", "any-owner", "0" * 31 + "1"
KEY = f"uploads/{UPLOAD}/Grüße & more.mp4"
WATCH_SECONDS = 600.0
"""Longer than nothing, shorter than in reality."""
PLENTY = 1000.0


@dataclass
class Stores:
    """Everything that knows a job, with another job beside it; `switch` kills the eraser."""

    clock: FakeClock = field(default_factory=FakeClock)
    switch: KillSwitch = field(default_factory=KillSwitch)

    def __post_init__(self) -> None:
        self.log = CapturedLog()
        self.jobs = InMemoryJobStore()
        self.objects = InMemoryVersions(self.clock)
        self.erasures = InMemoryErasures(self.jobs)
        self.launcher = FakeLauncher()
        self.tasks = FakeTasks(self.launcher)
        self.letters = FakeWorkQueue(clock=self.clock, max_receives=1000)
        self.uploads = InMemoryRecords(self.clock)
        self.webhooks = InMemoryRecords(self.clock)
        self.reads = InMemoryRecords(self.clock)
        guard = self.switch.guard
        self.eraser = Eraser(
            jobs=guard(self.jobs),
            objects=guard(self.objects),
            erasures=guard(self.erasures),
            tasks=guard(self.tasks),
            dead_letters=[guard(self.letters)],
            service=ServiceTraces(
                uploads=guard(self.uploads),
                webhooks=guard(self.webhooks),
                reads=guard(self.reads),
            ),
            kept=[KeptCopy(place=KeptPlace.LOGS, days=14)],
            clock=self.clock,
            telemetry=Telemetry(log=self.log, metrics=CapturedMetrics(), tracing=NoTracing()),
            watch_seconds=WATCH_SECONDS,
        )
        self.job = self.running(KEY, b"words")
        self.other = self.running(f"uploads/{'0' * 31}2/other.mp4", b"others")
        self.clock.advance(60)

    def running(self, key: str, data: bytes) -> Job:
        """Leave everything that a job may leave anywhere."""
        source = self.objects.put(BUCKET, key, data)
        claimed = claim_new(
            source, now=self.clock.now(), lease_seconds=60, submission=Submission(owner=OWNER)
        )
        self.jobs.create(claimed)
        job = start(claimed, now=self.clock.now(), task_arn=None)
        self.jobs.save(claimed, job)
        self.launcher.launch(job)
        self.written(job)
        upload, names = key.split("/")[1], {"job_id": job.job_id, "key": key}
        for pk, sk, data_ in (
            (f"upload#{upload}", "upload", names),
            (f"owner#{OWNER}", f"import#{upload}", {"key": key}),
            ("active-imports", f"import#{upload}", {"owner": OWNER}),
            (f"owner#{OWNER}", f"idempotency#{upload}", {"body": f'{{"job_id":"{job.job_id}"}}'}),
        ):
            # Past its time, but still stored: DynamoDB deletes days late.
            past = self.clock.now() - 1
            self.uploads.create(Record(pk=pk, sk=sk, data=data_, expires_at=past))
        if self.webhooks.get(f"owner#{OWNER}", "webhook#any") is None:
            self.webhooks.create(Record(pk=f"owner#{OWNER}", sk="webhook#any", data={}))
        self.webhooks.create(
            Record(pk="webhook#any", sk=f"delivery#{upload}", data={"body": str(names)})
        )
        self.reads.create(Record(pk=f"job#{job.job_id}", sk="any", data={"owner": OWNER}))
        self.letters.send(f'{{"bucket": "{BUCKET}", "key": "{key}"}}')
        self.letters.send(f'{{"job_id": "{job.job_id}"}}')
        return job

    def written(self, job: Job) -> None:
        """Write what a processor writes, twice, and delete some of it."""
        for key in (f"{work_prefix(job.job_id)}part", f"{result_prefix(job.job_id)}summary.json"):
            self.objects.put(BUCKET, key, b"old words")
            self.objects.put(BUCKET, key, b"words")
            self.objects.begin(BUCKET, key + ".unfinished")
        self.objects.delete(BUCKET, f"{work_prefix(job.job_id)}part")

    def end(self) -> Job:
        ended = succeed(
            self.job, now=self.clock.now(), result_key=f"{result_prefix(self.job.job_id)}x"
        )
        self.jobs.save(self.job, ended)
        self.job = ended
        return ended

    def request(self) -> Job:
        """Fence the job, as the API does."""
        fenced = erase(self.job, now=self.clock.now())
        self.jobs.save(self.job, fenced)
        return fenced

    def sweep(self) -> None:
        self.eraser.run(lambda: PLENTY)

    def everything(self) -> str:
        """Return all that any store holds, as one text."""
        return "\n".join(
            map(
                repr,
                (
                    self.jobs.jobs,
                    self.jobs.idempotency,
                    self.objects.stored,
                    self.objects.parts,
                    self.uploads.dump(),
                    self.webhooks.dump(),
                    self.reads.dump(),
                    self.letters.bodies,
                    [replace(each, job_id="") for each in self.erasures.certificates.values()],
                ),
            )
        )

    def traces(self, job: Job) -> list[str]:
        """Return which words for a job are found anywhere."""
        text = self.everything()
        upload = job.source.key.split("/")[1]
        return [word for word in (job.job_id, job.source.key, upload) if word in text]
