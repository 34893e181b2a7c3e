"""What people really upload, through the deployed templates: one job each, no message stuck."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.clips import make_clip
from lifestream.follow import follow
from local.deployed import Deployed, job_store
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import Output
from runtime.core.jobs import Job, Source, State
from tests.e2e.looking import ended_tasks, messages

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of picture without sound: the quickest real video."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(path)
    return path


def put(deployed: Deployed, key: str, content: bytes) -> Source:
    store = S3ObjectStore(deployed.cloud.client("s3"))
    store.write_bytes(content, deployed.bucket, key, "video/mp4")
    return store.head(deployed.bucket, key)


def end_of(deployed: Deployed, source: Source) -> Job:
    jobs = job_store(deployed)
    updates = follow(lambda: jobs.get(source.job_id), clock=SystemClock(), silence_seconds=600)
    job = None
    for update in updates:
        job = update.job
    assert job is not None
    return job


@pytest.fixture
def soon_again(deployed: Deployed) -> Iterator[None]:
    """A message that comes back does so within seconds; waiting for minutes proves no more."""
    sqs, url = deployed.cloud.client("sqs"), deployed.outputs[Output.JOBS_QUEUE_URL]
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "15"})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes=usual["Attributes"])


def settle(deployed: Deployed) -> None:
    """Wait until the queues are empty; a stuck message fails the test by its timeout."""
    clock = SystemClock()
    while messages(deployed, Output.JOBS_QUEUE_URL):
        clock.sleep(0.5)
    assert messages(deployed, Output.JOBS_DLQ_URL) == 0


def test_should_fail_a_text_file_with_a_typed_reason(deployed: Deployed) -> None:
    job = end_of(deployed, put(deployed, "uploads/notes.mp4", b"these are notes, not a video\n"))
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == "media.not_a_video"
    assert job.failure.resolution
    settle(deployed)


def test_should_fail_an_empty_file_with_a_typed_reason(deployed: Deployed) -> None:
    job = end_of(deployed, put(deployed, "uploads/nothing.mov", b""))
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == "media.empty"
    settle(deployed)


def test_should_process_a_key_with_spaces_plus_and_letters_of_other_alphabets(
    deployed: Deployed, clip: Path
) -> None:
    key = "uploads/My talk + Gr\u00fc\u00dfe \u65e5\u672c %2B.mp4"
    source = put(deployed, key, clip.read_bytes())
    job = end_of(deployed, source)
    assert (job.state, job.source.key) == (State.SUCCEEDED, key), job.failure
    assert len(ended_tasks(deployed, job.job_id)) == 1
    settle(deployed)


@pytest.mark.usefixtures("soon_again")
def test_should_run_one_job_for_the_same_object_twice(deployed: Deployed, clip: Path) -> None:
    first = put(deployed, "uploads/twice.mp4", clip.read_bytes())
    second = put(deployed, "uploads/twice.mp4", clip.read_bytes())
    assert first.job_id == second.job_id
    job = end_of(deployed, first)
    settle(deployed)
    assert (job.state, job.attempt, job.runs) == (State.SUCCEEDED, 1, 1), job.failure
    assert len(ended_tasks(deployed, job.job_id)) == 1


def test_should_make_a_job_of_any_file_below_uploads_and_of_nothing_else(
    deployed: Deployed, clip: Path
) -> None:
    ignored = [
        put(deployed, "other/clip.mp4", clip.read_bytes()),
        put(deployed, "uploads/folder/", b""),
    ]
    film = put(deployed, "uploads/C0001.AVI", clip.read_bytes() + b"another version")
    note = put(deployed, "uploads/note", b"a note, not a video\n")
    assert end_of(deployed, film).state is State.SUCCEEDED
    failure = end_of(deployed, note).failure
    assert failure is not None
    assert failure.code == "media.not_a_video"
    jobs = job_store(deployed)
    assert [jobs.get(source.job_id) for source in ignored] == [None, None]
    settle(deployed)
