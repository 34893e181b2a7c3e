"""Metrics of the runtime under the names of the contract, and AWS's own of queues and tasks.

Queues and services are given by name, not as constructs: an alarm must not keep CloudFormation
from removing what it watches.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from runtime.core.contract import (
    METRICS_NAMESPACE,
    OWN_DIMENSION,
    SERVICE_METRICS_NAMESPACE,
    Metric,
    MetricDimension,
    ServiceMetric,
)

MINUTE, SHORT = Duration.minutes(1), Duration.minutes(5)
QUARTER, HOUR = Duration.minutes(15), Duration.hours(1)


def custom_metric(
    environment: EnvironmentConfig,
    metric: Metric,
    period: Duration,
    statistic: str = "Sum",
    *,
    of: str | None = None,
    code_class: str | None = None,
) -> cloudwatch.Metric:
    """Return a metric of an environment; `of` is the value of its own dimension, if it has one.

    With `code_class`, only what counts for that class of codes, such as `media`.
    Raise `ValueError` if `of` is missing or superfluous: such a metric would never have data.
    """
    dimension = OWN_DIMENSION.get(metric)
    if (dimension is None) != (of is None):
        raise ValueError(f"{metric} is counted by {dimension}, not by {of!r}")
    own = {} if dimension is None or of is None else {dimension.value: of}
    if code_class is not None:
        own[MetricDimension.CODE_CLASS.value] = code_class
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={MetricDimension.ENVIRONMENT.value: environment.name, **own},
        period=period,
        statistic=statistic,
        label=of,
    )


def service_metric(
    environment: EnvironmentConfig, metric: ServiceMetric, statistic: str = "Maximum"
) -> cloudwatch.Metric:
    """Return a metric of an environment's services, over five minutes."""
    dimensions = {MetricDimension.ENVIRONMENT.value: environment.name}
    return aws_metric(SERVICE_METRICS_NAMESPACE, metric.value, dimensions, SHORT, statistic)


def waiting(queue_name: str, period: Duration, statistic: str = "Maximum") -> cloudwatch.Metric:
    """Return the number of messages that are visible: received by no worker."""
    return _of_queue(queue_name, "ApproximateNumberOfMessagesVisible", period, statistic)


def in_work(queue_name: str, period: Duration, statistic: str = "Maximum") -> cloudwatch.Metric:
    """Return the number of messages that workers keep hidden: one for each job in work.

    SQS reports it only while there are any, so an expression fills its gaps with zeros.
    """
    return _of_queue(queue_name, "ApproximateNumberOfMessagesNotVisible", period, statistic)


def tasks(metric: str, cluster_name: str, service_name: str | None = None) -> cloudwatch.Metric:
    """Return a Container Insights metric of a service's tasks, or of the cluster's."""
    service = {} if service_name is None else {"ServiceName": service_name}
    dimensions = {"ClusterName": cluster_name, **service}
    return aws_metric("ECS/ContainerInsights", metric, dimensions, MINUTE, "Maximum")


def _of_queue(queue_name: str, metric: str, period: Duration, statistic: str) -> cloudwatch.Metric:
    return aws_metric("AWS/SQS", metric, {"QueueName": queue_name}, period, statistic)


def aws_metric(
    namespace: str, name: str, dimensions: dict[str, str], period: Duration, statistic: str
) -> cloudwatch.Metric:
    """Return a metric by its name."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        period=period,
        statistic=statistic,
    )


def expression(
    formula: str, label: str, period: Duration, **metrics: cloudwatch.IMetric
) -> cloudwatch.MathExpression:
    """Return a formula over metrics by their names in it."""
    return cloudwatch.MathExpression(
        expression=formula, using_metrics=metrics, label=label, period=period
    )
