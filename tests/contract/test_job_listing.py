"""What every listing of jobs promises, on the fake and on DynamoDB's indexes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from runtime.aws import clients
from runtime.aws.direct_reads import direct_reads
from runtime.aws.job_listing import DynamoJobListing
from runtime.core.jobs import Job, Source, State, claim_new, fail, start
from runtime.core.jobs.job import Failure
from runtime.core.ports import JobStore
from runtime.core.service_ports import JobFilter, JobListing
from runtime.core.submission import Submission
from tests.contract.job_stores import make_dynamo_store
from tests.fakes.clock import FakeClock
from tests.fakes.job_listing import InMemoryJobListing
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog

OWNER = "any-owner"
ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


@dataclass(frozen=True, slots=True)
class Jobs:
    store: JobStore
    listing: JobListing

    def add(self, name: str, *, at: float, owner: str | None = OWNER, title: str = "") -> Job:
        job = claim_new(
            Source(bucket="any", key=f"uploads/{name}", etag=f"{at}", size_bytes=1),
            now=at,
            lease_seconds=60,
            submission=Submission(owner=owner, title=title or None),
        )
        self.store.create(job)
        return job


def _fake(request: pytest.FixtureRequest) -> Jobs:
    del request
    store = InMemoryJobStore()
    return Jobs(store, InMemoryJobListing(store))


def _dynamo(request: pytest.FixtureRequest) -> Jobs:
    request.getfixturevalue("cloud")
    # As the API reads.
    client = direct_reads(
        clients.dynamodb("us-east-1"), clock=FakeClock(), called=list[float]().append
    )
    request.addfinalizer(client.close)
    store, _ = make_dynamo_store(client)
    listing = DynamoJobListing(client, jobs_table=store.jobs_table, log=CapturedLog())
    return Jobs(store, listing)


@pytest.fixture(params=[_fake, pytest.param(_dynamo, marks=pytest.mark.cloud)])
def jobs(request: pytest.FixtureRequest) -> Jobs:
    make: Callable[[pytest.FixtureRequest], Jobs] = request.param
    return make(request)


def test_should_list_the_jobs_of_one_owner_in_pages(jobs: Jobs) -> None:
    made = [jobs.add(f"{n}.mp4", at=1000.0 + n) for n in range(5)]
    jobs.add("other.mp4", at=1002.5, owner="another")
    jobs.add("none.mp4", at=1002.6, owner=None)
    found: list[Job] = []
    position, pages = None, 0
    while True:
        page = jobs.listing.of_owner(OWNER, limit=2, after=position)
        found += page.jobs
        position, pages = page.next_position, pages + 1
        if position is None:
            break
    assert found == made[::-1]
    assert pages == 3
    oldest = jobs.listing.of_owner(OWNER, limit=5, matching=JobFilter(oldest_first=True))
    assert list(oldest.jobs) == made
    assert oldest.next_position is None


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        (JobFilter(states=frozenset({State.FAILED})), ["b.mp4"]),
        (JobFilter(text="TALK"), ["c.mp4"]),
        (JobFilter(text="A.MP4"), ["a.mp4"]),
        (JobFilter(since=1001.0, until=1001.0), ["b.mp4"]),
        (JobFilter(since=1001.0), ["c.mp4", "b.mp4"]),
        (JobFilter(since=1002.0, until=1001.0), []),
        (JobFilter(since=5e-324, until=1000.0), ["a.mp4"]),
    ],
)
def test_should_filter(jobs: Jobs, matching: JobFilter, expected: list[str]) -> None:
    jobs.add("a.mp4", at=1000.0)
    failing = jobs.add("b.mp4", at=1001.0)
    jobs.store.save(failing, fail(failing, now=1003.0, failure=ANY_FAILURE))
    jobs.add("c.mp4", at=1002.0, title="A talk")
    page = jobs.listing.of_owner(OWNER, limit=1, matching=matching)
    names = [job.source.key.rpartition("/")[2] for job in page.jobs]
    while page.next_position is not None:
        page = jobs.listing.of_owner(OWNER, limit=1, matching=matching, after=page.next_position)
        names += [job.source.key.rpartition("/")[2] for job in page.jobs]
    assert names == expected


def test_should_yield_what_changed_in_any_state(jobs: Jobs) -> None:
    jobs.add("old.mp4", at=1000.0)
    claimed = jobs.add("running.mp4", at=1000.0, owner=None)
    running = start(claimed, now=1010.0, task_arn=None)
    jobs.store.save(claimed, running)
    new = jobs.add("new.mp4", at=1011.0)
    assert sorted(jobs.listing.changed_since(1010.0), key=lambda job: job.updated_at) == [
        running,
        new,
    ]
    beaten = replace(running, updated_at=1012.0)
    jobs.store.save(running, beaten)
    assert list(jobs.listing.changed_since(1011.5)) == [beaten]
