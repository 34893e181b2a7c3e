"""Gap (1.5.33, upstream): SQS and ECS publish no metrics of their queues and services."""

from typing import Any

from ministack.services import cloudwatch, ecs, sqs

KEPT = 1800
"""Values kept of each metric: half an hour."""

Queue = dict[str, Any]


def queue_counts(queue: Queue, now: float) -> dict[str, float]:
    """Return a queue's metrics; the age is that of the oldest message that is not deleted."""
    messages = list(queue["messages"])
    waiting = [m for m in messages if (m.get("visible_at") or 0) <= now]
    hidden = [m for m in messages if (m.get("visible_at") or 0) > now]
    delayed = sum(not m.get("receive_count") for m in hidden)
    ages = [now - m.get("sent_at", now) for m in messages]
    return {
        "ApproximateNumberOfMessagesVisible": len(waiting),
        "ApproximateNumberOfMessagesDelayed": delayed,
        "ApproximateNumberOfMessagesNotVisible": len(hidden) - delayed,
        "ApproximateAgeOfOldestMessage": max(ages, default=0.0),
    }


def publish(now: float) -> None:
    """Store what the queues and services of the current account and region have now."""
    for url, queue in list(sqs._queues.items()):
        dimensions = {"QueueName": url.rsplit("/", 1)[-1]}
        for name, value in queue_counts(queue, now).items():
            put("AWS/SQS", name, value, dimensions)
    for key, service in list(ecs._services.items()):
        if service["status"] != "ACTIVE":
            continue
        cluster, name = key.split("/", 1)
        counts = {
            "DesiredTaskCount": service["desiredCount"],
            "RunningTaskCount": service["runningCount"],
            "PendingTaskCount": service["pendingCount"],
        }
        for metric, value in counts.items():
            dimensions = {"ClusterName": cluster, "ServiceName": name}
            put("ECS/ContainerInsights", metric, value, dimensions)


def put(namespace: str, name: str, value: float, dimensions: dict[str, str]) -> None:
    """Store one value, and forget old ones."""
    cloudwatch.record_metric(namespace, name, value, "Count", dimensions)
    bucket = cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dimensions)))
    del bucket[:-KEPT]
