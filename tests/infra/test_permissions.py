"""Least privilege: who may do what, read from the templates alone."""

from collections.abc import Callable

import pytest

from runtime.core.contract import JobsTable, Launch
from tests.infra.templates import Deployment, Statement

Role = Callable[[Deployment], str]


def task_role(deployment: Deployment) -> str:
    return role_of(deployment, "TaskRoleArn")


def execution_role(deployment: Deployment) -> str:
    return role_of(deployment, "ExecutionRoleArn")


def role_of(deployment: Deployment, key: str) -> str:
    _, definition = deployment.only(
        "AWS::ECS::TaskDefinition", Family=f"lifestream-processor-{deployment.config.name}"
    )
    arn: str = deployment.render(definition["Properties"][key])
    return arn.removeprefix("<").removesuffix(".Arn>")


def dispatcher_role(deployment: Deployment) -> str:
    return deployment.role_of_function("dispatcher")


def reaper_role(deployment: Deployment) -> str:
    return deployment.role_of_function("reaper")


def the_one_with(deployment: Deployment, role: str, action: str) -> Statement:
    found = [s for s in deployment.of_role(role) if action in s.actions]
    assert len(found) == 1, f"{len(found)} statements of {role} allow {action}"
    return found[0]


def media_arn(deployment: Deployment) -> str:
    name = f"lifestream-media-{deployment.config.name}-<AWS::AccountId>-<AWS::Region>"
    return f"arn:<AWS::Partition>:s3:::{name}"


def table_arn(deployment: Deployment, what: str) -> str:
    name = f"lifestream-{what}-{deployment.config.name}"
    logical_id, _ = deployment.only("AWS::DynamoDB::Table", TableName=name)
    return f"<{logical_id}.Arn>"


def queue_arn(deployment: Deployment, what: str) -> str:
    name = f"lifestream-{what}-{deployment.config.name}"
    logical_id, _ = deployment.only("AWS::SQS::Queue", QueueName=name)
    return f"<{logical_id}.Arn>"


def cluster(deployment: Deployment) -> str:
    logical_id, _ = deployment.only("AWS::ECS::Cluster")
    return logical_id


def in_cluster(deployment: Deployment) -> dict[str, dict[str, str]]:
    return {"ArnEquals": {"ecs:cluster": f"<{cluster(deployment)}.Arn>"}}


def tasks(deployment: Deployment) -> str:
    prefix = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task"
    return f"{prefix}/<{cluster(deployment)}>/*"


def test_should_attach_no_managed_policy_and_keep_no_policy_in_a_role(
    deployment: Deployment,
) -> None:
    for role in deployment.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
        assert "Policies" not in role["Properties"]


def test_should_start_any_revision_of_the_family_in_this_cluster_only(
    on_demand: Deployment,
) -> None:
    family = f"task-definition/lifestream-processor-{on_demand.config.name}"
    statement = the_one_with(on_demand, dispatcher_role(on_demand), "ecs:RunTask")

    assert statement.actions == {"ecs:RunTask"}
    assert statement.resources == {
        f"arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:{family}:*"
    }
    assert statement.conditions == in_cluster(on_demand)


def test_should_pass_the_tasks_two_roles_to_ecs_only(on_demand: Deployment) -> None:
    statement = the_one_with(on_demand, dispatcher_role(on_demand), "iam:PassRole")

    assert statement.resources == {
        f"<{task_role(on_demand)}.Arn>",
        f"<{execution_role(on_demand)}.Arn>",
    }
    assert statement.conditions == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_should_tag_tasks_only_while_starting_them(on_demand: Deployment) -> None:
    statement = the_one_with(on_demand, dispatcher_role(on_demand), "ecs:TagResource")

    assert statement.resources == {tasks(on_demand)}
    assert statement.conditions == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


@pytest.mark.parametrize("role", [dispatcher_role, reaper_role])
def test_should_look_for_tasks_in_the_cluster_only(on_demand: Deployment, role: Role) -> None:
    statement = the_one_with(on_demand, role(on_demand), "ecs:ListTasks")

    assert statement.conditions == in_cluster(on_demand)


def test_should_let_lambda_read_the_jobs_queue_for_the_dispatcher_and_no_more(
    deployment: Deployment,
) -> None:
    statement = the_one_with(deployment, dispatcher_role(deployment), "sqs:ReceiveMessage")

    assert statement.resources == {queue_arn(deployment, "jobs")}
    assert statement.actions == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        *({"sqs:SendMessage"} if deployment.config.launch == Launch.ON_DEMAND else ()),
    }


def test_should_let_a_dispatcher_that_fills_a_queue_start_nothing(pooled: Deployment) -> None:
    granted = {a for s in pooled.of_role(dispatcher_role(pooled)) for a in s.actions}

    assert "sqs:SendMessage" in granted
    assert not [action for action in granted if action.startswith(("ecs:", "iam:"))]


def test_should_let_the_reaper_stop_tasks_of_the_cluster_only(deployment: Deployment) -> None:
    statement = the_one_with(deployment, reaper_role(deployment), "ecs:StopTask")

    assert statement.actions == {"ecs:StopTask"}
    assert statement.resources == {tasks(deployment)}
    assert statement.conditions == in_cluster(deployment)


def test_should_let_only_the_reaper_stop_tasks(deployment: Deployment) -> None:
    stoppers = {s.owner for s in deployment.statements() if "ecs:StopTask" in s.actions}

    assert stoppers == {s.owner for s in deployment.of_role(reaper_role(deployment))}


def test_should_let_the_reaper_keep_jobs_and_announce_and_erase_them_and_nothing_else(
    deployment: Deployment,
) -> None:
    jobs = table_arn(deployment, "jobs")
    pooled = deployment.config.launch == Launch.POOL
    granted = {
        (action, resource)
        for s in deployment.of_role(reaper_role(deployment))
        for action in s.actions
        for resource in s.resources
        if not action.startswith(("ecs:", "logs:", "kms:"))
    }

    media, letters = media_arn(deployment), queue_arn(deployment, "jobs-dlq")
    idempotency = table_arn(deployment, "idempotency")

    assert granted == {
        ("xray:PutTraceSegments", "*"),
        ("dynamodb:GetItem", jobs),
        ("dynamodb:PutItem", jobs),
        ("dynamodb:DeleteItem", jobs),
        *((f"dynamodb:{verb}Item", idempotency) for verb in ("Get", "Put", "Delete")),
        ("dynamodb:Query", f"{jobs}/index/{JobsTable.STATE_INDEX}"),
        ("sqs:SendMessage", queue_arn(deployment, "jobs")),
        ("sqs:SendMessage", queue_arn(deployment, "reaper-dlq")),
        ("s3:ListBucket", media),
        ("s3:ListBucketVersions", media),
        ("s3:ListBucketMultipartUploads", media),
        *(
            (f"s3:{action}", f"{media}/{prefix}/*")
            for action in ("DeleteObjectVersion", "AbortMultipartUpload")
            for prefix in ("uploads", "work", "results")
        ),
        *(
            (f"sqs:{action}", letters)
            for action in (
                *("ReceiveMessage", "ChangeMessageVisibility"),
                *("DeleteMessage", "GetQueueAttributes"),
            )
        ),
        *({("sqs:GetQueueAttributes", queue_arn(deployment, "work"))} if pooled else ()),
        *({("sqs:SendMessage", queue_arn(deployment, "work"))} if pooled else ()),
    }


def test_should_let_only_the_reaper_remove_versions(deployment: Deployment) -> None:
    removers = [s for s in deployment.statements() if "s3:DeleteObjectVersion" in s.actions]

    assert {s.owner for s in removers} == {
        s.owner for s in deployment.of_role(reaper_role(deployment))
    }
    listers = [s for s in deployment.statements() if "s3:ListBucketVersions" in s.actions]
    assert [s.conditions for s in listers] == [
        {"StringLike": {"s3:prefix": ["uploads/*", "work/*", "results/*"]}}
    ]


def test_should_give_a_task_of_one_job_no_right_of_ecs(deployment: Deployment) -> None:
    granted = {a for s in deployment.of_role(task_role(deployment)) for a in s.actions}

    assert granted
    assert not [action for action in granted if action.startswith("ecs:")]


@pytest.mark.parametrize("role", [task_role, dispatcher_role])
def test_should_write_records_in_the_two_tables_and_read_jobs_only(
    deployment: Deployment, role: Role
) -> None:
    granted = {
        (action, resource)
        for s in deployment.of_role(role(deployment))
        for action in s.actions
        for resource in s.resources
        if action.startswith("dynamodb:")
    }

    jobs = table_arn(deployment, "jobs")
    # The order in which jobs that wait for capacity start.
    listed = {("dynamodb:Query", f"{jobs}/index/by_state")} if role is dispatcher_role else set()
    assert granted == {
        ("dynamodb:GetItem", jobs),
        ("dynamodb:PutItem", jobs),
        ("dynamodb:PutItem", table_arn(deployment, "idempotency")),
        *listed,
    }


def test_should_let_the_dispatcher_read_uploads_and_nothing_else(deployment: Deployment) -> None:
    media = media_arn(deployment)

    assert object_grants(deployment, dispatcher_role(deployment)) == {
        ("s3:GetObject", f"{media}/uploads/*"),
        ("s3:ListBucket", media),
    }


def test_should_let_the_processor_change_results_and_checkpoints_but_no_upload(
    deployment: Deployment,
) -> None:
    media = media_arn(deployment)

    assert object_grants(deployment, task_role(deployment)) == {
        ("s3:GetObject", f"{media}/uploads/*"),
        ("s3:GetObject", f"{media}/work/*"),
        ("s3:GetObject", f"{media}/results/*"),
        ("s3:DeleteObject", f"{media}/results/*"),
        ("s3:PutObject", f"{media}/work/*"),
        ("s3:PutObject", f"{media}/results/*"),
        ("s3:AbortMultipartUpload", f"{media}/work/*"),
        ("s3:AbortMultipartUpload", f"{media}/results/*"),
        ("s3:ListBucket", media),
    }


def test_should_give_ecs_no_right_to_data(deployment: Deployment) -> None:
    services = {
        action.partition(":")[0]
        for s in deployment.of_role(execution_role(deployment))
        for action in s.actions
    }

    assert services == {"ecr", "logs"}


def test_should_let_only_ecs_of_this_account_take_the_tasks_roles(deployment: Deployment) -> None:
    for logical_id in (task_role(deployment), execution_role(deployment)):
        role = deployment.of_type("AWS::IAM::Role")[logical_id]["Properties"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert deployment.render(trust["Condition"]["StringEquals"]) == {
            "aws:SourceAccount": "<AWS::AccountId>"
        }


def object_grants(deployment: Deployment, role: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for s in deployment.of_role(role)
        for action in s.actions
        for resource in s.resources
        if action.startswith("s3:")
    }
