"""For each grant of each role of the main path: what breaks without it."""

from collections.abc import Callable, Mapping
from typing import Any

from cdk.naming import Names
from tests.integration.permissions.grants import Grant
from tests.integration.permissions.pool_scenarios import (
    job_put_back_is_announced,
    length_is_told,
    lost_message_is_sent_again,
    unreadable_message_is_given_back,
    uploads_are_worked_on,
    worker_starts_and_logs,
)
from tests.integration.permissions.scenarios import (
    agent_answers,
    broken_upload_leaves_nothing,
    deleted_upload_is_let_go,
    hung_job_is_put_back,
    job_is_erased,
    lost_launch_is_found,
    published_job_succeeds,
    repeated_message_is_harmless,
    stopped_task_is_answered,
    unreadable_event_is_kept,
    upload_is_noticed,
    upload_is_processed,
    uploads_are_reconciled,
)
from tests.integration.permissions.system import ON_DEMAND, POOLED

Scenario = Callable[[Any], None]
Needed = dict[Grant, Scenario]

TRACES = Grant("xray:PutTraceSegments", "*")

DECRYPT, GENERATE = Grant("kms:Decrypt", "key"), Grant("kms:GenerateDataKey", "key")


def logging(group: str, scenario: Scenario) -> Needed:
    """Return what writing to a log group takes."""
    return {
        Grant(action, f"log-group:{group}:*"): scenario
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    }


def polling(names: Names) -> Needed:
    """Return what Lambda does with the jobs queue in the dispatcher's name."""
    return {
        Grant(action, names.jobs_queue): upload_is_noticed
        for action in ("sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage")
    }


def dispatching(names: Names, scenario: Scenario) -> Needed:
    """Return what a dispatcher does, however jobs are run."""
    return {
        **polling(names),
        Grant("s3:GetObject", "media/uploads/*"): scenario,
        Grant("s3:ListBucket", "media"): deleted_upload_is_let_go,
        Grant("dynamodb:PutItem", f"table/{names.idempotency_table}"): scenario,
        Grant("dynamodb:PutItem", f"table/{names.jobs_table}"): scenario,
        Grant("dynamodb:GetItem", f"table/{names.jobs_table}"): repeated_message_is_harmless,
        DECRYPT: scenario,
        **logging(names.dispatcher_log_group, scenario),
    }


def processing(names: Names, scenario: Scenario) -> Needed:
    """Return what a processor of videos does."""
    return {
        Grant("s3:GetObject", "media/uploads/*"): scenario,
        Grant("s3:GetObject", "media/work/*"): scenario,
        Grant("s3:GetObject", "media/results/*"): scenario,
        Grant("s3:DeleteObject", "media/results/*"): scenario,
        Grant("s3:ListBucket", "media"): scenario,
        Grant("s3:PutObject", "media/work/*"): scenario,
        Grant("s3:PutObject", "media/results/*"): scenario,
        Grant("s3:AbortMultipartUpload", "media/work/*"): broken_upload_leaves_nothing,
        Grant("s3:AbortMultipartUpload", "media/results/*"): broken_upload_leaves_nothing,
        Grant("dynamodb:GetItem", f"table/{names.jobs_table}"): scenario,
        Grant("dynamodb:PutItem", f"table/{names.jobs_table}"): scenario,
        Grant("dynamodb:PutItem", f"table/{names.idempotency_table}"): scenario,
        DECRYPT: scenario,
        GENERATE: scenario,
    }


def starting(names: Names, scenario: Scenario) -> Needed:
    """Return what ECS does to start a container and keep its lines."""
    images = f"repository/{names.processor}"
    return {
        Grant("ecr:GetAuthorizationToken", "*"): scenario,
        Grant("ecr:BatchCheckLayerAvailability", images): scenario,
        Grant("ecr:GetDownloadUrlForLayer", images): scenario,
        Grant("ecr:BatchGetImage", images): scenario,
        **logging(names.processor_log_group, scenario),
    }


def launching(names: Names) -> Needed:
    """Return what starting a task for each job takes."""
    return {
        Grant("ecs:RunTask", "task definition"): upload_is_processed,
        Grant("ecs:TagResource", tasks(names)): upload_is_processed,
        Grant("iam:PassRole", "task role"): upload_is_processed,
        Grant("iam:PassRole", "execution role"): upload_is_processed,
        Grant("ecs:ListTasks", "*"): lost_launch_is_found,
    }


def reaping(names: Names) -> Needed:
    """Return what the reaper does."""
    return {
        Grant("dynamodb:Query", f"table/{names.jobs_table}/index/by_state"): hung_job_is_put_back,
        Grant("ecs:ListTasks", "*"): hung_job_is_put_back,
        Grant("ecs:StopTask", tasks(names)): hung_job_is_put_back,
        Grant("dynamodb:PutItem", f"table/{names.jobs_table}"): hung_job_is_put_back,
        Grant("sqs:SendMessage", names.jobs_queue): hung_job_is_put_back,
        Grant("dynamodb:GetItem", f"table/{names.jobs_table}"): stopped_task_is_answered,
        Grant("dynamodb:PutItem", f"table/{names.idempotency_table}"): published_job_succeeds,
        Grant("sqs:SendMessage", names.reaper_dlq): unreadable_event_is_kept,
        Grant("s3:ListBucket", "media"): uploads_are_reconciled,
        DECRYPT: hung_job_is_put_back,
        GENERATE: hung_job_is_put_back,
        **logging(names.reaper_log_group, hung_job_is_put_back),
    }


def erasing(names: Names) -> Needed:
    """Return what erasing a job takes."""
    jobs, records = f"table/{names.jobs_table}", f"table/{names.idempotency_table}"
    return {
        Grant(action, resource): job_is_erased
        for action, resource in (
            ("s3:ListBucketVersions", "media"),
            ("s3:ListBucketMultipartUploads", "media"),
            *(
                (action, f"media/{prefix}/*")
                for action in ("s3:DeleteObjectVersion", "s3:AbortMultipartUpload")
                for prefix in ("uploads", "work", "results")
            ),
            ("dynamodb:DeleteItem", jobs),
            *((f"dynamodb:{verb}Item", records) for verb in ("Get", "Delete")),
            *(
                (f"sqs:{action}", names.jobs_dlq)
                for action in (
                    *("ReceiveMessage", "DeleteMessage"),
                    *("ChangeMessageVisibility", "GetQueueAttributes"),
                )
            ),
        )
    }


def working(names: Names) -> Needed:
    """Return what a worker does besides processing."""
    return {
        Grant("sqs:ReceiveMessage", names.work_queue): uploads_are_worked_on,
        Grant("sqs:DeleteMessage", names.work_queue): uploads_are_worked_on,
        Grant("sqs:ChangeMessageVisibility", names.work_queue): unreadable_message_is_given_back,
        Grant("sqs:SendMessage", names.jobs_queue): job_put_back_is_announced,
        Grant("ecs:UpdateTaskProtection", tasks(names)): uploads_are_worked_on,
        Grant("ecs:GetTaskProtection", tasks(names)): agent_answers,
    }


def tasks(names: Names) -> str:
    """Return what the tasks of the environment's cluster are called."""
    return f"task/{names.cluster}/*"


def needed_on_demand(names: Names) -> Mapping[str, Needed]:
    """Return what is needed where each job has a task."""
    return {
        "dispatcher": {**dispatching(names, upload_is_processed), **launching(names)},
        "task": processing(names, upload_is_processed),
        "execution": starting(names, upload_is_processed),
        "reaper": {**reaping(names), **erasing(names)},
    }


def needed_by_pool(names: Names) -> Mapping[str, Needed]:
    """Return what is needed where jobs wait for workers."""
    return {
        "pool dispatcher": {
            **dispatching(names, uploads_are_worked_on),
            Grant("sqs:SendMessage", names.work_queue): uploads_are_worked_on,
            GENERATE: uploads_are_worked_on,
        },
        "pool task": {**processing(names, uploads_are_worked_on), **working(names)},
        "pool execution": starting(names, worker_starts_and_logs),
        "pool reaper": {
            **reaping(names),
            Grant("sqs:GetQueueAttributes", names.work_queue): length_is_told,
            Grant("sqs:SendMessage", names.work_queue): lost_message_is_sent_again,
        },
    }


ELSEWHERE = {
    "system": {
        "FlowLogRole": "EC2 writes flow logs by it, and the local cloud none",
        "BackupRole": "AWS Backup copies tables by it, and the local cloud none",
    },
    "pool": {
        "FlowLogRole": "as above",
        "ProcessorTaskRole": "of tasks that no one starts where there is a pool",
        "ProcessorExecutionRole": "of tasks that no one starts where there is a pool",
    },
}
"""Roles that are no part of the main path, and why, by place."""

NEEDED = {**needed_on_demand(Names(ON_DEMAND)), **needed_by_pool(Names(POOLED))}

FOR_FAULTS: Mapping[str, frozenset[Grant]] = {
    # A job that finds no capacity waits for a delayed message, and then for its turn.
    "dispatcher": frozenset(
        {
            Grant("sqs:SendMessage", Names(ON_DEMAND).jobs_queue),
            Grant("dynamodb:Query", f"table/{Names(ON_DEMAND).jobs_table}/index/by_state"),
            GENERATE,
        }
    ),
    "pool dispatcher": frozenset(
        {Grant("dynamodb:Query", f"table/{Names(POOLED).jobs_table}/index/by_state")}
    ),
    # An attempt that finds no protection is sent back.
    "pool task": frozenset({Grant("sqs:SendMessage", Names(POOLED).work_queue)}),
    # A pool's reaper erases as the other one, which shows that it needs each of them.
    "pool reaper": frozenset(erasing(Names(POOLED))),
}
"""Grants that only a refusal by ECS needs, or that the other place shows the need of."""

NOT_MISSED: Mapping[str, Needed] = {
    "dispatcher": {TRACES: upload_is_processed},
    "task": {TRACES: upload_is_processed},
    "reaper": {TRACES: hung_job_is_put_back},
    "pool dispatcher": {TRACES: uploads_are_worked_on},
    "pool task": {TRACES: uploads_are_worked_on},
    "pool reaper": {TRACES: hung_job_is_put_back},
}
"""Grants without which jobs go on as before: no job may fail of its trace. Each must be missed in
the log instead, or no one would notice that it is not there."""
