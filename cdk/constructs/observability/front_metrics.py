"""The metrics of what answers requests: a load balancer, or the gateways of functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.constructs.observability.metrics import SHORT, aws_metric


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMetrics:
    """Counts of requests and of server errors by their name in an expression, and waiting times.

    A waiting time divided by `per_second` is in seconds; `has_tasks` says whether ECS runs what
    answers.
    """

    requests: Mapping[str, cloudwatch.IMetric]
    failed: Mapping[str, cloudwatch.IMetric]
    waits: Sequence[tuple[str, cloudwatch.IMetric]]
    per_second: int
    has_tasks: bool

    def wait(self, statistic: str) -> list[cloudwatch.IMetric]:
        """Return the waiting times of a statistic."""
        return [metric for which, metric in self.waits if which == statistic]


def balancer_metrics(name: str) -> FrontMetrics:
    """Return the metrics of a load balancer; `name` is its name in metrics."""

    def metric(named: str, statistic: str) -> cloudwatch.Metric:
        return aws_metric("AWS/ApplicationELB", named, {"LoadBalancer": name}, SHORT, statistic)

    return FrontMetrics(
        requests={"every": metric("RequestCount", "Sum")},
        failed={
            "targets": metric("HTTPCode_Target_5XX_Count", "Sum"),
            "itself": metric("HTTPCode_ELB_5XX_Count", "Sum"),
        },
        waits=[(each, metric("TargetResponseTime", each)) for each in ("p50", "p95")],
        per_second=1,
        has_tasks=True,
    )


def gateway_metrics(ids: Sequence[str]) -> FrontMetrics:
    """Return the metrics of HTTP APIs."""

    def metric(named: str, api: str, statistic: str) -> cloudwatch.Metric:
        return aws_metric("AWS/ApiGateway", named, {"ApiId": api}, SHORT, statistic)

    return FrontMetrics(
        requests={f"every{n}": metric("Count", api, "Sum") for n, api in enumerate(ids)},
        failed={f"failed{n}": metric("5xx", api, "Sum") for n, api in enumerate(ids)},
        waits=[(each, metric("Latency", api, each)) for each in ("p50", "p95") for api in ids],
        per_second=1000,
        has_tasks=False,
    )
