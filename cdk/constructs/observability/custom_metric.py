"""A metric that the runtime writes, under the names of the contract."""

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
    environment: EnvironmentConfig, metric: ServiceMetric, period: Duration, statistic: str
) -> cloudwatch.Metric:
    """Return a metric of an environment's services."""
    return cloudwatch.Metric(
        namespace=SERVICE_METRICS_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={MetricDimension.ENVIRONMENT.value: environment.name},
        period=period,
        statistic=statistic,
    )
