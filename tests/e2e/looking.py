"""Looking at what a deployed environment did."""

from typing import Any

from local.deployed import Deployed
from runtime.core.clock import SystemClock
from runtime.core.contract import Output


def ended_tasks(deployed: Deployed, job_id: str) -> list[dict[str, Any]]:
    """Return the tasks that were started for a job, once none of them runs any more.

    A job ends a moment before its task: the process still has to clean up and exit.
    """
    clock = SystemClock()
    while any(task["lastStatus"] != "STOPPED" for task in tasks_of(deployed, job_id)):
        clock.sleep(0.2)
    return tasks_of(deployed, job_id)


def tasks_of(deployed: Deployed, job_id: str) -> list[dict[str, Any]]:
    """Return all tasks that were started for a job."""
    ecs = deployed.cloud.client("ecs")
    cluster = deployed.outputs[Output.CLUSTER]
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]
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
