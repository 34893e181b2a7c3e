"""The two roles of a task, which must be apart: that of ECS, and that of the processor's code."""

import jsii
from aws_cdk import Aws, IAspect
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from cdk.naming import local_arn


@jsii.implements(IAspect)
class RolePath:
    """Puts every role below a path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def visit(self, node: IConstruct) -> None:
        """Set the path of a role."""
        if isinstance(node, iam.CfnRole):
            node.path = self._path


class TaskRoles:
    """`execution` pulls the image and writes logs for ECS; `task` is what the code may do.

    Both start without rights, and only ECS of this account can assume them.
    """

    def __init__(self, scope: Construct) -> None:
        self.execution = _role(scope, "ExecutionRole", "Pulls the image, writes the logs")
        self.task = _role(scope, "TaskRole", "What the processor's code may do")


def _role(scope: Construct, construct_id: str, description: str) -> iam.Role:
    # The conditions prevent a confused deputy: ECS uses the role for this account's tasks alone.
    return iam.Role(
        scope,
        construct_id,
        description=description,
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {"aws:SourceArn": local_arn("ecs", "*")},
            },
        ),
    )
