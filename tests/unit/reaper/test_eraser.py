"""Erasing a job: everything that is its own, nothing else, whatever dies or writes meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from runtime.core.contract import result_prefix, work_prefix
from runtime.core.erasure import (
    Certificate,
    KeptCopy,
    KeptPlace,
    ObjectVersion,
    certificate_document,
    certificate_text,
)
from runtime.core.errors import Permanent
from runtime.core.jobs import (
    QUIET_SECONDS,
    Job,
    claim_new,
    erase,
    start,
    succeed,
)
from runtime.core.media import Voice
from runtime.core.ports import StaleWriteError
from runtime.core.service_ports import Record
from runtime.core.submission import Submission
from runtime.core.telemetry import Telemetry
from runtime.core.tracer import NoTracing
from runtime.reaper.eraser import SETTLED_SECONDS, Eraser, ErasureFailedError
from runtime.reaper.service_traces import ServiceTraces
from runtime.voices.profiles import Profiles, profile_id, sample_of
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import InMemoryErasures, InMemoryVersions
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.killing import Killed, KillSwitch
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


@pytest.fixture
def stores() -> Stores:
    return Stores()


def test_should_leave_nothing_of_the_job_and_all_of_another(stores: Stores) -> None:
    stores.end()
    before = stores.traces(stores.other)
    stores.request()
    stores.sweep()
    assert stores.traces(stores.job) == []
    assert stores.traces(stores.other) == before
    others = f"{work_prefix(stores.other.job_id)}part"
    assert len(stores.objects.versions(BUCKET, others)) == 3
    assert stores.letters.backlog().waiting == 2, "messages of others are put back"


def test_should_erase_what_was_learned_of_voices(stores: Stores) -> None:
    profiles = Profiles(records=stores.uploads)
    for job in (stores.job, stores.other):
        voice = Voice(speaker="SPEAKER_00", seconds=9.0, vector=(0.25, 0.75), model="any")
        profiles.enrol(
            OWNER,
            sample_of(
                voice,
                profile=profile_id(OWNER, "Ada"),
                name="Ada",
                job_id=job.job_id,
                model="any",
                consented_by="Ada",
                consented_at=1.0,
                enrolled_by=OWNER,
                enrolled_at=2.0,
            ),
        )
    stores.end()
    stores.request()
    stores.sweep()
    assert [sample.job_id for sample in profiles.of_owner(OWNER)] == [stores.other.job_id]
    assert stores.traces(stores.job) == []


def test_should_certify_what_went_and_what_remains(stores: Stores) -> None:
    stores.end()
    job = stores.request()
    stores.sweep()
    certificate = stores.erasures.find(job.job_id)
    assert certificate is not None
    document = certificate_document(certificate)
    assert document["state"] == "erased"
    assert document["erased"] == {
        "upload": 1,
        "checkpoints": 3,
        "results": 2,
        "unfinished uploads": 2,
        "records": 8,
        "bytes": 33,
    }
    assert document["remains"][0]["days"] == 14
    assert certificate.belongs_to(OWNER)
    assert not certificate.belongs_to("another-owner")
    text = certificate_text(certificate)
    assert job.job_id in text
    assert "logs" in text


def test_should_wait_until_no_process_can_write(stores: Stores) -> None:
    fenced = stores.request()
    with pytest.raises(StaleWriteError):
        stores.jobs.save(stores.job, replace(stores.job, progress=0.5))
    stores.sweep()
    assert [reason for _, reason in stores.tasks.stopped] == ["Its job is being erased"]
    assert stores.erasures.find(fenced.job_id) is not None
    stores.written(stores.job)
    stores.clock.advance(QUIET_SECONDS - 1)
    stores.sweep()
    assert fenced.job_id in stores.jobs.jobs
    stores.clock.advance(1)
    stores.sweep()
    assert stores.traces(stores.job) == []


def test_should_remove_what_a_process_writes_after_all(stores: Stores) -> None:
    stores.end()
    job = stores.request()
    stores.sweep()
    stores.written(stores.job)
    stores.clock.advance(SETTLED_SECONDS)
    stores.sweep()
    assert stores.traces(stores.job) == []
    assert job.job_id in stores.erasures.open
    stores.clock.advance(WATCH_SECONDS)
    stores.sweep()
    assert stores.erasures.open == {}
    certificate = stores.erasures.find(job.job_id)
    assert certificate is not None
    assert certificate.closed_at == stores.clock.now()


def test_should_look_again_before_it_certifies(stores: Stores) -> None:
    stores.end()
    job = stores.request()
    remove, writes = stores.objects.remove_versions, [stores.job]

    def removed_while_written(bucket: str, versions: Sequence[ObjectVersion]) -> None:
        remove(bucket, versions)
        if writes:
            stores.written(writes.pop())

    stores.objects.remove_versions = removed_while_written  # type: ignore[method-assign]
    stores.sweep()
    assert job.job_id in stores.jobs.jobs, "it is not certified yet"
    stores.sweep()
    assert stores.traces(stores.job) == []


def test_should_start_afresh_with_the_same_upload(stores: Stores) -> None:
    stores.end()
    stores.request()
    stores.sweep()
    again = stores.running(KEY + ".again", b"words")
    source = stores.objects.put(BUCKET, KEY, b"words")
    fresh = claim_new(source, now=stores.clock.now(), lease_seconds=60)
    assert source.job_id == stores.job.job_id
    assert stores.jobs.create(fresh) is None
    stores.written(fresh)
    stores.clock.advance(WATCH_SECONDS)
    stores.erasures.lagging = True
    stores.sweep()
    assert len(stores.objects.versions(BUCKET, result_prefix(fresh.job_id))) == 2
    assert again.job_id in stores.jobs.jobs


def test_should_keep_another_jobs_bytes_under_the_same_key(stores: Stores) -> None:
    stores.end()
    newer = stores.objects.put(BUCKET, KEY, b"other words")
    stores.objects.delete(BUCKET, KEY)
    stores.request()
    stores.sweep()
    left = stores.objects.versions(BUCKET, KEY)
    assert [each.etag for each in left] == [newer.etag, None], "its marker still hides it"


def test_should_take_no_bytes_that_were_uploaded_after_the_request(stores: Stores) -> None:
    stores.request()
    stores.clock.advance(10)
    stores.objects.put(BUCKET, KEY, b"words")
    stores.clock.advance(QUIET_SECONDS)
    stores.sweep()
    assert len(stores.objects.versions(BUCKET, KEY)) == 1


def test_should_go_on_with_others_after_one_that_fails(stores: Stores) -> None:
    stores.end()
    stores.request()
    other = erase(stores.other, now=stores.clock.now())
    stores.jobs.save(stores.other, replace(other, not_before=None))
    real = stores.objects.remove_versions
    failing = stores.job.job_id

    def remove(bucket: str, versions: list[object]) -> None:
        if failing in repr(versions):
            raise Permanent("aws.AccessDenied", "Any.", "Any.")
        real(bucket, versions)  # type: ignore[arg-type]

    stores.objects.remove_versions = remove  # type: ignore[method-assign,assignment]
    with pytest.raises(ErasureFailedError):
        stores.sweep()
    assert stores.traces(stores.other) == []
    assert failing in stores.jobs.jobs


def _calls() -> int:
    stores = Stores()
    stores.end()
    stores.request()
    stores.sweep()
    stores.clock.advance(WATCH_SECONDS)
    stores.sweep()
    return len(stores.switch.calls)


@pytest.mark.parametrize("after", [False, True])
def test_should_finish_wherever_it_was_killed(after: bool) -> None:  # noqa: FBT001 - a parameter
    for call in range(_calls()):
        stores = Stores()
        stores.end()
        job = stores.request()
        stores.switch.arm(call, after=after)
        # The first sweeps meet dead letters that the killed one has hidden for two minutes.
        for pause in (10.0, 10.0, 300.0, WATCH_SECONDS, 0.0):
            with suppress(Killed):
                stores.sweep()
            stores.clock.advance(pause)
        stores.switch.disarm()
        assert stores.traces(stores.job) == [], (call, after)
        assert stores.letters.backlog().waiting == 2, (call, after)
        certificate = stores.erasures.find(job.job_id)
        assert isinstance(certificate, Certificate)
        assert (certificate.inventory.counts["results"], stores.erasures.open) == (2, {}), call
        assert result_prefix(stores.other.job_id) in repr(stores.objects.stored), call
