"""A metric that our own code writes, by the names that it writes it under."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.config import EnvironmentConfig
from runtime.core.contract import METRICS_NAMESPACE, OWN_DIMENSION, Metric, MetricDimension


def own_metric(
    environment: EnvironmentConfig,
    metric: Metric,
    period: Duration,
    statistic: str = "Sum",
    *,
    of: str | None = None,
) -> cloudwatch.Metric:
    """Return a metric of an environment.

    `of` is what it is about, for one with a dimension of its own; raise `ValueError` if that is
    missing or too much: such a metric would never show a value.
    """
    dimension = OWN_DIMENSION.get(metric)
    if (dimension is None) != (of is None):
        raise ValueError(f"{metric} is counted by {dimension}, not by {of!r}")
    own = {} if dimension is None or of is None else {dimension.value: of}
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={MetricDimension.ENVIRONMENT.value: environment.name, **own},
        period=period,
        statistic=statistic,
        label=of,
    )
