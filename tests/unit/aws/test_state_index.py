"""How many running jobs the index by state carries: its partition RUNNING takes all their writes.

The figures of DynamoDB are those of "Best practices for designing and using partition keys" and of
"Global Secondary Indexes: considerations for provisioned throughput".
"""

from math import ceil
from typing import Any

from cdk.config.environment import EnvironmentConfig
from runtime.aws.job_items import job_item
from runtime.core.jobs import Source, claim_new, start
from runtime.processor.supervision.reporter import MIN_SECONDS_BETWEEN_REPORTS

UNITS_OF_A_PARTITION = 1000
"""Write units a second; one writes up to a KB."""

WRITES_OF_A_REPORT = 2
"""A new `updated_at` removes the entry of the index and adds another."""

RUNNING = 500
"""Jobs that may report once a second; the record of this decision names the figure."""


def size(name: str, attribute: Any) -> int:
    """Return the bytes of an attribute ("DynamoDB item sizes and formats"), at the most."""
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(name) + len(value.encode())
    if kind == "M":
        return len(name) + 3 + sum(1 + size(key, each) for key, each in value.items())
    return len(name) + 21


def report_units() -> int:
    source = Source(
        bucket="lifestream-media-prod-eu-central-1-111122223333",
        key=f"uploads/{'a-name-of-a-recording-' * 6}.mp4",
        etag="0" * 40,
        size_bytes=10**10,
    )
    claimed = claim_new(source, now=1.8e9, lease_seconds=60.0)
    job = start(claimed, now=1.8e9, task_arn=f"arn:aws:ecs:any:any:task/any/{'0' * 64}")
    item = job_item(job, write_id="0" * 32)
    return WRITES_OF_A_REPORT * ceil(sum(size(name, value) for name, value in item.items()) / 1024)


def test_should_carry_the_reports_of_so_many_running_jobs() -> None:
    writes = RUNNING / MIN_SECONDS_BETWEEN_REPORTS

    assert writes * report_units() <= UNITS_OF_A_PARTITION


def test_should_carry_the_workers_that_an_environment_can_have() -> None:
    schema = EnvironmentConfig.model_json_schema()["$defs"]
    workers = sum(
        schema[table]["properties"]["max_tasks"]["maximum"] for table in ("PoolConfig", "GpuConfig")
    )

    assert workers <= RUNNING
