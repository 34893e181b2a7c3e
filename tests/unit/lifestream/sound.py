"""An environment without fault, as facts; `of_*` gives the findings on it with a defect."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lifestream.doctor import resource_checks, work_checks
from lifestream.doctor.findings import Finding
from lifestream.doctor.snapshot import (
    Bucket,
    EventSource,
    Function,
    Notification,
    Queue,
    Rule,
    Service,
    Table,
    TaskDefinition,
)
from lifestream.environment import PARTS, Stack
from runtime.core.contract import REAPER_HANDLER, EnvVar, Output
from runtime.core.jobs import Job, Source, State

DLQ_ARN = "arn:aws:sqs:r:1:dlq"
QUEUE_ARN = "arn:aws:sqs:r:1:jobs"
NOW = 1_000_000.0

QUEUE = Queue(
    name="jobs",
    arn=QUEUE_ARN,
    visibility_seconds=120,
    encrypted=True,
    messages=7,
    dead_letter_arn=DLQ_ARN,
    max_receives=5,
)
DLQ = Queue(name="dlq", arn=DLQ_ARN, visibility_seconds=30, encrypted=True, messages=0)
TABLE = Table(
    name="jobs",
    status="ACTIVE",
    ttl_attribute="expires_at",
    point_in_time_recovery=True,
    deletion_protection=True,
    indexes=frozenset({"by_state"}),
)
BUCKET = Bucket(
    name="media",
    versioned=True,
    private=True,
    encrypted=True,
    notifications=(Notification(queue_arn=QUEUE_ARN, prefix="uploads/", suffix=""),),
)
SOURCE = EventSource(queue_arn=QUEUE_ARN, enabled=True, reports_item_failures=True)
EXPECTED: dict[EnvVar, str] = {EnvVar.JOBS_TABLE: "jobs", EnvVar.MEDIA_BUCKET: "media"}
DISPATCHER = Function(
    name="dispatcher",
    handler="any.handler",
    state="Active",
    timeout_seconds=20,
    variables={str(name): value for name, value in EXPECTED.items()}
    | {EnvVar.CLAIM_LEASE_SECONDS: "60"},
    role_arn="arn:any",
    sources=(SOURCE,),
)
REAPER = replace(DISPATCHER, name="reaper", handler=REAPER_HANDLER)
REAPER_ARN = "arn:aws:lambda:r:1:function:reaper"
STOPPED = Rule(
    name="stopped",
    enabled=True,
    scheduled=False,
    pattern='{"detail-type": ["ECS Task State Change"]}',
    target_arns=(REAPER_ARN,),
)
SWEEP = replace(STOPPED, name="sweep", scheduled=True, pattern="")
STACKS = [
    Stack(
        name=f"lifestream-dev-{part}",
        status="CREATE_COMPLETE",
        outputs=dict.fromkeys(Output, ""),
    )
    for part in PARTS
]


def of_queue(**defect: Any) -> Iterator[Finding]:
    return resource_checks.check_jobs_queue(
        replace(QUEUE, **defect), dead_letters=DLQ, function_timeout_seconds=20
    )


def of_dead_letters(**defect: Any) -> Iterator[Finding]:
    return resource_checks.check_dead_letters(replace(DLQ, **defect), command="any")


def of_table(*, retain: bool | None = False, **defect: Any) -> Iterator[Finding]:
    return resource_checks.check_table(
        replace(TABLE, **defect), ttl_attribute="expires_at", index="by_state", retain=retain
    )


def of_bucket(**defect: Any) -> Iterator[Finding]:
    return resource_checks.check_bucket(replace(BUCKET, **defect), queue_arn=QUEUE_ARN)


def of_dispatcher(**defect: Any) -> Iterator[Finding]:
    return work_checks.check_dispatcher(
        replace(DISPATCHER, **defect), queue_arn=QUEUE_ARN, expected=EXPECTED
    )


def of_stacks(index: int, **defect: Any) -> Iterator[Finding]:
    stacks = [*STACKS[:index], replace(STACKS[index], **defect), *STACKS[index + 1 :]]
    return resource_checks.check_stacks(stacks, "dev")


def of_definition(**defect: Any) -> Iterator[Finding]:
    whole = TaskDefinition(arn="any:1", active=True, image_uri="any", role_arns=())
    return work_checks.check_task_definition(replace(whole, **defect))


def of_work_dead_letters(**defect: Any) -> Iterator[Finding]:
    return resource_checks.check_work_dead_letters(replace(DLQ, **defect))


def of_service(**defect: Any) -> Iterator[Finding]:
    whole = Service(
        name="worker",
        status="ACTIVE",
        wanted=2,
        running=1,
        pending=1,
        rollout_failed=False,
        scaled=True,
        task_definition_arn="any:1",
    )
    return work_checks.check_service(replace(whole, **defect))


def of_jobs(
    state: State,
    *,
    silent: float,
    lease_left: float | None = None,
    task_arn: str | None = None,
) -> Iterator[Finding]:
    job = Job(
        source=Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1),
        state=state,
        attempt=2,
        created_at=0.0,
        updated_at=NOW - silent,
        lease_until=None if lease_left is None else NOW + lease_left,
        task_arn=task_arn,
    )
    return work_checks.check_jobs([job], now=NOW, command="any")
