"""Looking at what a deployed environment did."""

from typing import Any

from local.run import Deployed
from runtime.core.contract import Output


def stopped_tasks(deployed: Deployed, job_id: str) -> list[dict[str, Any]]:
    """Return the stopped tasks that were started for a job."""
    ecs = deployed.cloud.client("ecs")
    cluster = deployed.outputs[Output.CLUSTER]
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]
    tasks: list[dict[str, Any]] = (
        ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    )
    return [task for task in tasks if task.get("startedBy", "").startswith(job_id)]


def messages(deployed: Deployed, queue: Output) -> int:
    """Return how many messages a queue holds, seen or unseen."""
    attributes = deployed.cloud.client("sqs").get_queue_attributes(
        QueueUrl=deployed.outputs[queue],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(value) for value in attributes.values())
