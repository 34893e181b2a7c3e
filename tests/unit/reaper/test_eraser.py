"""Erasing a job: everything that is its own, nothing else, whatever dies or writes meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from runtime.core.contract import result_prefix, work_prefix
from runtime.core.erasure import (
    Certificate,
    ObjectVersion,
    certificate_document,
    certificate_text,
)
from runtime.core.errors import Permanent
from runtime.core.jobs import (
    QUIET_SECONDS,
    claim_new,
    erase,
)
from runtime.core.media import Voice
from runtime.core.ports import StaleWriteError
from runtime.reaper.eraser import SETTLED_SECONDS, ErasureFailedError
from runtime.voices.profiles import Profiles, profile_id, sample_of
from tests.fakes.killing import Killed
from tests.unit.reaper.stores import BUCKET, KEY, OWNER, WATCH_SECONDS, Stores


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
