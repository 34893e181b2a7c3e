"""Least privilege, proven both ways: with its grants the system works, without any one it does not.

`NEEDED` names for each grant of each role of the main path what breaks without it. It must name
exactly what the deployed templates grant: a grant that nothing needs has no place in them.
"""

from collections.abc import Callable

import pytest

from tests.integration.permissions.grants import Grant
from tests.integration.permissions.scenarios import (
    broken_upload_leaves_nothing,
    deleted_upload_is_let_go,
    hung_job_is_put_back,
    lost_launch_is_found,
    repeated_message_is_harmless,
    stopped_task_is_answered,
    unreadable_event_is_kept,
    upload_is_noticed,
    upload_is_processed,
)
from tests.integration.permissions.system import BrokenError, System

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(120)]

Scenario = Callable[[System], None]

JOBS_TABLE = "table/lifestream-jobs-dev"
IDEMPOTENCY_TABLE = "table/lifestream-idempotency-dev"
TASKS = "task/lifestream-cluster-dev/*"
IMAGES = "repository/lifestream-processor-dev"
JOBS_QUEUE = "lifestream-jobs-dev"


def logs(group: str) -> str:
    return f"log-group:{group}:*"


NEEDED: dict[str, dict[Grant, Scenario]] = {
    "dispatcher": {
        Grant("sqs:ReceiveMessage", JOBS_QUEUE): upload_is_noticed,
        Grant("sqs:GetQueueAttributes", JOBS_QUEUE): upload_is_noticed,
        Grant("sqs:DeleteMessage", JOBS_QUEUE): upload_is_noticed,
        Grant("s3:GetObject", "media/uploads/*"): upload_is_processed,
        Grant("s3:ListBucket", "media"): deleted_upload_is_let_go,
        Grant("dynamodb:PutItem", IDEMPOTENCY_TABLE): upload_is_processed,
        Grant("dynamodb:PutItem", JOBS_TABLE): upload_is_processed,
        Grant("dynamodb:GetItem", JOBS_TABLE): repeated_message_is_harmless,
        Grant("ecs:RunTask", "task definition"): upload_is_processed,
        Grant("ecs:TagResource", TASKS): upload_is_processed,
        Grant("iam:PassRole", "task role"): upload_is_processed,
        Grant("iam:PassRole", "execution role"): upload_is_processed,
        Grant("ecs:ListTasks", "*"): lost_launch_is_found,
        Grant("logs:CreateLogStream", logs("/aws/lambda/lifestream-dispatcher-dev")): (
            upload_is_processed
        ),
        Grant("logs:PutLogEvents", logs("/aws/lambda/lifestream-dispatcher-dev")): (
            upload_is_processed
        ),
    },
    "execution": {
        Grant("ecr:GetAuthorizationToken", "*"): upload_is_processed,
        Grant("ecr:BatchCheckLayerAvailability", IMAGES): upload_is_processed,
        Grant("ecr:GetDownloadUrlForLayer", IMAGES): upload_is_processed,
        Grant("ecr:BatchGetImage", IMAGES): upload_is_processed,
        Grant("logs:CreateLogStream", logs("/ecs/lifestream-processor-dev")): upload_is_processed,
        Grant("logs:PutLogEvents", logs("/ecs/lifestream-processor-dev")): upload_is_processed,
    },
    "task": {
        Grant("s3:GetObject", "media/uploads/*"): upload_is_processed,
        Grant("s3:GetObject", "media/work/*"): upload_is_processed,
        Grant("s3:ListBucket", "media"): upload_is_processed,
        Grant("s3:PutObject", "media/work/*"): upload_is_processed,
        Grant("s3:PutObject", "media/results/*"): upload_is_processed,
        Grant("s3:AbortMultipartUpload", "media/work/*"): broken_upload_leaves_nothing,
        Grant("s3:AbortMultipartUpload", "media/results/*"): broken_upload_leaves_nothing,
        Grant("dynamodb:GetItem", JOBS_TABLE): upload_is_processed,
        Grant("dynamodb:PutItem", JOBS_TABLE): upload_is_processed,
        Grant("dynamodb:PutItem", IDEMPOTENCY_TABLE): upload_is_processed,
    },
    "reaper": {
        Grant("dynamodb:Query", f"{JOBS_TABLE}/index/by_state"): hung_job_is_put_back,
        Grant("ecs:ListTasks", "*"): hung_job_is_put_back,
        Grant("ecs:StopTask", TASKS): hung_job_is_put_back,
        Grant("dynamodb:PutItem", JOBS_TABLE): hung_job_is_put_back,
        Grant("sqs:SendMessage", JOBS_QUEUE): hung_job_is_put_back,
        Grant("logs:CreateLogStream", logs("/aws/lambda/lifestream-reaper-dev")): (
            hung_job_is_put_back
        ),
        Grant("logs:PutLogEvents", logs("/aws/lambda/lifestream-reaper-dev")): (
            hung_job_is_put_back
        ),
        Grant("dynamodb:GetItem", JOBS_TABLE): stopped_task_is_answered,
        Grant("sqs:SendMessage", "lifestream-reaper-dlq-dev"): unreadable_event_is_kept,
    },
}
"""What a role is granted, and what breaks without it."""

SCENARIOS = list(
    dict.fromkeys(scenario for needed in NEEDED.values() for scenario in needed.values())
)

REMOVALS = [
    pytest.param(role, grant, scenario, id=f"{role}-{grant}")
    for role, needed in NEEDED.items()
    for grant, scenario in needed.items()
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_should_work_with_exactly_what_is_granted(system: System, scenario: Scenario) -> None:
    scenario(system)


@pytest.mark.parametrize(("role", "grant", "scenario"), REMOVALS)
def test_should_not_work_without_any_one_grant(
    system: System, role: str, grant: Grant, scenario: Scenario
) -> None:
    with system.roles[role].without(grant), pytest.raises(BrokenError):
        scenario(system)


@pytest.mark.parametrize("role", NEEDED)
def test_should_grant_nothing_that_is_not_needed(system: System, role: str) -> None:
    assert system.roles[role].grants() == set(NEEDED[role])
