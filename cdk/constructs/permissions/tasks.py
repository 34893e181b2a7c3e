"""Statements on tasks, workers and the cluster that runs them."""

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from cdk.constructs.permissions.statement import allow
from cdk.naming import local_arn


def scale_workers(cluster: ecs.ICluster, *services: str) -> list[iam.PolicyStatement]:
    """See worker services, and change how many workers there may be."""
    return [
        allow(
            ["ecs:DescribeServices"],
            *[local_arn("ecs", f"service/{cluster.cluster_name}/{name}") for name in services],
        ),
        allow(
            ["application-autoscaling:RegisterScalableTarget"],
            local_arn("application-autoscaling", "scalable-target/*"),
            conditions={
                "StringEquals": {
                    "application-autoscaling:service-namespace": "ecs",
                    "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
                }
            },
        ),
        # DescribeScalableTargets has no resource type.
        allow(["application-autoscaling:DescribeScalableTargets"], "*"),
    ]


def protect_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Protect tasks of this cluster from scale-in, and see whether they are."""
    return allow(
        ["ecs:UpdateTaskProtection", "ecs:GetTaskProtection"],
        _tasks_of(cluster),
        conditions=_in(cluster),
    )


def run_task(cluster: ecs.ICluster, definition: ecs.TaskDefinition) -> list[iam.PolicyStatement]:
    """Start this family's tasks in this cluster, tag them at their start, and find them again.

    Any revision: a policy that named one would be updated before the function that starts it, and
    deny the launches between.
    """
    roles = [definition.task_role.role_arn, definition.obtain_execution_role().role_arn]
    return [
        allow(
            ["ecs:RunTask"],
            local_arn("ecs", f"task-definition/{definition.family}:*"),
            conditions=_in(cluster),
        ),
        allow(
            ["ecs:TagResource"],
            _tasks_of(cluster),
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        allow(
            ["iam:PassRole"],
            *roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        find_tasks(cluster),
    ]


def run_commands(audit_group: str) -> list[iam.PolicyStatement]:
    """Serve the sessions of ECS Exec and log them: what its agent does with the task's role.

    The actions of sessions have no resource type, and that of listing log groups no narrower one.
    """
    return [
        allow(
            [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
                "logs:DescribeLogGroups",
            ],
            "*",
        ),
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            local_arn("logs", f"log-group:{audit_group}:*"),
        ),
    ]


def find_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Find tasks of this cluster by what started them."""
    # ListTasks has no task resource; the condition limits it.
    return allow(["ecs:ListTasks"], "*", conditions=_in(cluster))


def stop_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Stop tasks of this cluster."""
    return allow(["ecs:StopTask"], _tasks_of(cluster), conditions=_in(cluster))


def join_cluster(cluster: ecs.ICluster) -> list[iam.PolicyStatement]:
    """Join a cluster and run its tasks, as the ECS agent of an EC2 instance does."""
    machines = local_arn("ecs", f"container-instance/{cluster.cluster_name}/*")
    return [
        iam.PolicyStatement(
            # These know the cluster as their resource; the condition key `ecs:cluster`, which they
            # do not know, would deny them.
            actions=[
                *("ecs:RegisterContainerInstance", "ecs:DeregisterContainerInstance"),
                *("ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange"),
                "ecs:SubmitTaskStateChange",
            ],
            resources=[cluster.cluster_arn],
        ),
        allow(
            ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"],
            machines,
            conditions=_in(cluster),
        ),
        # The agent asks for its endpoint before it belongs to any cluster.
        allow(["ecs:DiscoverPollEndpoint"], "*"),
    ]


def _in(cluster: ecs.ICluster) -> dict[str, dict[str, str]]:
    return {"ArnEquals": {"ecs:cluster": cluster.cluster_arn}}


def _tasks_of(cluster: ecs.ICluster) -> str:
    return local_arn("ecs", f"task/{cluster.cluster_name}/*")
