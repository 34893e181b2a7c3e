import pytest

from lifestream.view.formatting import (
    ago,
    asked_for,
    doing,
    job_fields,
    job_json,
    log_stream,
    size,
)
from runtime.core.jobs import (
    Job,
    Source,
    State,
    claim_new,
    fail,
    launched,
    queued,
    report,
    start,
    take_over,
)
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from tests.unit.lifestream.operators import FAILURE

SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any", size_bytes=1_500)
PENDING = Job(source=SOURCE, state=State.PENDING, attempt=1, created_at=0.0, updated_at=0.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (47 * 3600, "47 h ago"),
        (48 * 3600, "2 days ago"),
    ],
)
def test_should_say_an_age_in_one_unit(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (47e5, "4.7 MB")]
)
def test_should_say_a_size_in_one_unit(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text


def test_should_say_what_a_job_is_doing() -> None:
    running = start(take_over(PENDING, now=1.0, lease_seconds=1), now=1.0, task_arn="arn:t/1")
    assert doing(PENDING) == "waiting for a new attempt"
    assert doing(running) == "starting 0%"
    assert doing(report(running, now=2.0, stage="scenes", progress=0.5)) == "scenes 50%"
    assert doing(fail(running, now=2.0, failure=FAILURE)) == "any.code"


def test_should_leave_out_what_there_is_nothing_to_say_of() -> None:
    shown = dict(job_fields(PENDING, now=60.0, log_group="/ecs/any"))
    assert {name for name, value in shown.items() if not value} == {
        "asks for",
        "runs",
        "not started",
        "requeued",
        "claimed until",
        "started",
        "task",
        "log",
        "results",
        "failed",
        "what to do",
    }


def test_should_point_to_the_log_of_the_task() -> None:
    assert log_stream("arn:aws:ecs:r:1:task/cluster/abc") == "processor/processor/abc"


def test_should_give_a_script_everything_about_a_job() -> None:
    shown = job_json(PENDING)
    fields = set(Job.__dataclass_fields__) - {"source"}
    assert fields | {"job_id", "trace_id", "bucket", "key", "etag", "size_bytes"} == set(shown)


def test_should_say_of_a_queued_job_that_it_waits_for_a_worker() -> None:
    claimed = claim_new(SOURCE, now=0.0, lease_seconds=1.0)
    assert doing(queued(claimed, now=1.0)) == "waits in the work queue"
    assert doing(launched(claimed, now=1.0, task_arn="arn:any")) == "starting a task"


def test_should_say_only_what_an_upload_asked_for() -> None:
    asked = JobOptions(languages=("de",), max_speakers=2, vocabulary=("Anna", "Rhein"))
    assert asked_for(asked) == "language de, max speakers 2, vocabulary Anna Rhein"
    assert asked_for(DEFAULT_OPTIONS) == ""
