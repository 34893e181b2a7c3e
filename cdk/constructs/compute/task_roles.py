"""The two roles of a task, which it must not share: ECS's own, and that of our code."""

from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRoles:
    """`execution` pulls the image and writes logs for ECS; `task` is what our code may do."""

    execution: iam.Role
    task: iam.Role


def task_roles(scope: Construct) -> TaskRoles:
    """Return two new roles, empty yet, that only ECS of this account can take."""
    return TaskRoles(
        execution=_role(scope, "ExecutionRole", "Pulls the image, writes the logs"),
        task=_role(scope, "TaskRole", "What the processor's code may do"),
    )


def _role(scope: Construct, construct_id: str, description: str) -> iam.Role:
    # The conditions keep ECS from being talked into using the role for another account's task.
    return iam.Role(
        scope,
        construct_id,
        description=description,
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {
                    "aws:SourceArn": f"arn:{Aws.PARTITION}:ecs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
                },
            },
        ),
    )
