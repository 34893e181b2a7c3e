import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.job_items import (
    DAY_SECONDS,
    GRACE_SECONDS,
    RETENTION_SECONDS,
    UnreadableRecordError,
    idempotency_item,
    job_item,
    job_of,
)
from runtime.core.jobs import Failure, Hold, Job, Source, State, claim_new
from runtime.core.option_schema import MAX_SPEAKERS
from runtime.core.options import DEFAULT_OPTIONS
from runtime.core.submission import Submission
from tests.unit.core.option_choices import CHOICES

TEXT = st.text(min_size=1)
TIME = st.floats(min_value=0, max_value=4e9)
SOURCES = st.builds(
    Source,
    bucket=TEXT,
    key=TEXT,
    etag=TEXT,
    size_bytes=st.integers(min_value=0, max_value=5 << 40),
)
SPEAKERS = st.none() | st.integers(min_value=1, max_value=MAX_SPEAKERS)
JOBS = st.builds(
    Job,
    source=SOURCES,
    state=st.sampled_from(State),
    attempt=st.integers(min_value=1, max_value=10**6),
    created_at=TIME,
    updated_at=TIME,
    lease_until=st.none() | TIME,
    runs=st.integers(min_value=0, max_value=10**6),
    reruns=st.integers(min_value=0, max_value=10**6),
    misses=st.integers(min_value=0, max_value=10**6),
    task_arn=st.none() | TEXT,
    started_at=st.none() | TIME,
    stage=st.none() | TEXT,
    progress=st.floats(min_value=0, max_value=1),
    result_key=st.none() | TEXT,
    failure=st.none() | st.builds(Failure, code=TEXT, summary=TEXT, resolution=TEXT),
    options=CHOICES,
    submission=st.builds(Submission, owner=st.none() | TEXT, title=st.none() | TEXT),
    options_requested=st.booleans(),
    not_before=st.none() | TIME,
    waiting_for=st.none() | TEXT,
    waits=st.integers(min_value=0, max_value=10**6),
    waiting_since=st.none() | TIME,
    interruptions=st.integers(min_value=0, max_value=10**6),
    first_started_at=st.none() | TIME,
    suspected_at=st.none() | TIME,
    hold=st.none() | st.builds(Hold, reason=TEXT, by=TEXT, at=TIME),
)


@given(JOBS)
def test_should_return_the_job_that_was_written(job: Job) -> None:
    assert job_of(job_item(job, write_id="any")) == job


@given(JOBS)
def test_should_keep_job_and_record_for_the_same_time(job: Job) -> None:
    kept = (job.options.keep_days or 0) * DAY_SECONDS + GRACE_SECONDS
    expiry = {"N": str(int(job.updated_at) + max(RETENTION_SECONDS, kept))}
    assert job_item(job, write_id="any").get("expires_at") == (None if job.hold else expiry)
    assert idempotency_item(job)["expires_at"] == expiry


def test_should_write_the_floats_of_numeric_libraries_as_numbers() -> None:
    claimed = claim_new(
        Source(bucket="any", key="any", etag="any", size_bytes=1),
        now=np.float64(10.5),
        lease_seconds=60.0,
    )
    assert job_item(claimed, write_id="any")["updated_at"] == {"N": "10.5"}


def test_should_read_a_record_from_before_there_were_options() -> None:
    source = Source(bucket="any", key="any", etag="any", size_bytes=1)
    item = job_item(claim_new(source, now=1.0, lease_seconds=60.0), write_id="any")
    assert "options" not in item
    assert job_of(item).options == DEFAULT_OPTIONS


def test_should_read_a_record_of_a_newer_version() -> None:
    job = claim_new(
        Source(bucket="any", key="any", etag="any", size_bytes=1), now=1.0, lease_seconds=1
    )
    newer = {**job_item(job, write_id="any"), "some_new_field": {"S": "any"}}
    assert job_of(newer) == job


def test_should_read_a_record_from_before_jobs_could_wait() -> None:
    job = claim_new(
        Source(bucket="any", key="any", etag="any", size_bytes=1), now=1.0, lease_seconds=1
    )
    older = job_item(job, write_id="any")
    for name in ("waits", "interruptions"):
        del older[name]
    assert job_of(older) == job


def test_should_name_the_job_whose_record_cannot_be_read() -> None:
    job = claim_new(
        Source(bucket="any", key="any", etag="any", size_bytes=1), now=1.0, lease_seconds=1
    )
    item = {**job_item(job, write_id="any"), "state": {"S": "UNHEARD_OF"}}
    with pytest.raises(UnreadableRecordError, match=job.job_id):
        job_of(item)
