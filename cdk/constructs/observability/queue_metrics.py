"""AWS's own metrics of queues and services: messages waiting, messages in work, tasks.

Queues and services are given by name, not as constructs: an alarm must not keep CloudFormation
from removing what it watches.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch


def waiting(queue_name: str, *, period: Duration, statistic: str) -> cloudwatch.Metric:
    """Return the number of messages that are visible: received by no worker."""
    return _of(queue_name, "ApproximateNumberOfMessagesVisible", period, statistic)


def in_work(queue_name: str, *, period: Duration, statistic: str) -> cloudwatch.Metric:
    """Return the number of messages that workers keep hidden: one for each job in work.

    SQS reports it only while there are any, so an expression fills its gaps with zeros.
    """
    return _of(queue_name, "ApproximateNumberOfMessagesNotVisible", period, statistic)


def tasks(
    metric: str, cluster_name: str, service_name: str | None = None, *, statistic: str = "Maximum"
) -> cloudwatch.Metric:
    """Return a Container Insights metric of a service's tasks, or of the cluster's."""
    service = {} if service_name is None else {"ServiceName": service_name}
    return cloudwatch.Metric(
        namespace="ECS/ContainerInsights",
        metric_name=metric,
        dimensions_map={"ClusterName": cluster_name, **service},
        period=Duration.minutes(1),
        statistic=statistic,
    )


def _of(queue_name: str, metric: str, period: Duration, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/SQS",
        metric_name=metric,
        dimensions_map={"QueueName": queue_name},
        period=period,
        statistic=statistic,
    )
