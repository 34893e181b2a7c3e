"""Metrics written as log lines in CloudWatch's embedded metric format, which takes no API call.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from runtime.core.clock import WallClock
from runtime.core.contract import (
    METRICS_NAMESPACE,
    OWN_DIMENSION,
    SERVICE_METRICS_NAMESPACE,
    Metric,
    MetricDimension,
    ServiceMetric,
)

ACTION = "metrics.put"
_UNITS: dict[Metric | ServiceMetric, str] = {
    ServiceMetric.UPLOAD_BYTES: "Bytes",
    ServiceMetric.DATABASE_LATENCY: "Milliseconds",
    ServiceMetric.ERROR_RATE: "Percent",
    Metric.JOB_SECONDS: "Seconds",
    Metric.PROTECTION_LEASE_AGE_SECONDS: "Seconds",
    Metric.PROTECTION_MARGIN_SECONDS: "Seconds",
    Metric.STAGE_SECONDS: "Seconds",
    Metric.MEDIA_SECONDS: "Seconds",
    # CloudWatch knows no unit of money.
    Metric.PROCESSING_USD: "None",
    Metric.SUMMARY_USD: "None",
}
_DEFAULT_UNIT = "Count"


class Metrics(Protocol):
    """A sink of counts, durations and other values."""

    def put(
        self, values: Mapping[Metric, float], *, code: str | None = None, of: str | None = None
    ) -> None:
        """Add values now.

        `code` is the dotted code of the reason; only its class becomes a dimension. `of` is the
        value of the metric's dimension in `OWN_DIMENSION`, such as the stage.
        """

    def bind(self, **fields: Any) -> "Metrics":
        """Return the same sink that adds these fields to every line, for readers of the log."""


class NoMetrics:
    """Drops all metrics."""

    def put(
        self, values: Mapping[Metric, float], *, code: str | None = None, of: str | None = None
    ) -> None:
        """Do nothing."""

    def bind(self, **_fields: Any) -> "NoMetrics":
        """Return itself."""
        return self


class EmbeddedMetrics:
    """Writes each `put` as one line, whatever the log level; `write` receives whole lines.

    `environment` is a dimension of every value. `fields` are added to each line for readers of the
    log and are no dimensions.
    """

    def __init__(
        self,
        *,
        clock: WallClock,
        environment: str,
        write: Callable[[str], object] = sys.stdout.write,
        **fields: Any,
    ) -> None:
        self._clock = clock
        self._environment = environment
        self._write = write
        self._fields = fields

    def put(
        self, values: Mapping[Metric, float], *, code: str | None = None, of: str | None = None
    ) -> None:
        """Write the line from which CloudWatch extracts the values."""
        document = embedded(
            values, now=self._clock.now(), environment=self._environment, code=code, of=of
        )
        self._write(json.dumps({"action": ACTION, **self._fields, **document}) + "\n")

    def bind(self, **fields: Any) -> "EmbeddedMetrics":
        """Return the same sink that adds these fields to every line."""
        return EmbeddedMetrics(
            clock=self._clock,
            environment=self._environment,
            write=self._write,
            **{**self._fields, **fields},
        )


def embedded(
    values: Mapping[Metric, float],
    *,
    now: float,
    environment: str,
    code: str | None = None,
    of: str | None = None,
) -> dict[str, Any]:
    """Return the document of some values at `now` (seconds since the epoch).

    Each value counts for its environment and, with a `code`, for the code's class as well: the part
    before the first dot. Metrics of `OWN_DIMENSION` count by that dimension alone; raise
    `ValueError` unless all values share it and `of` is given.
    """
    dimensions = {MetricDimension.ENVIRONMENT.value: environment}
    own = {OWN_DIMENSION.get(metric) for metric in values}
    if len(own) > 1 or (of is None) != (own <= {None}):
        raise ValueError(f"{', '.join(values)} of {of}: {own} is what they are counted by")
    dimensions |= {name.value: of for name in own if name is not None and of is not None}
    sets = [list(dimensions)]
    if code is not None:
        dimensions[MetricDimension.CODE_CLASS.value] = code.partition(".")[0]
        sets.append(list(dimensions))
    return _document(METRICS_NAMESPACE, values, now=now, dimensions=dimensions, sets=sets)


MOST_VALUES = 100
"""The most values of one metric that a line may have."""


def embedded_service(
    values: Mapping[ServiceMetric, float | Sequence[float]], *, now: float, environment: str
) -> dict[str, Any]:
    """Return the document of a service's values; several of one metric keep its percentiles."""
    dimensions = {MetricDimension.ENVIRONMENT.value: environment}
    return _document(
        SERVICE_METRICS_NAMESPACE,
        values,
        now=now,
        dimensions=dimensions,
        sets=[list(dimensions)],
    )


def _document(
    namespace: str,
    values: Mapping[Any, Any],
    *,
    now: float,
    dimensions: Mapping[str, str],
    sets: list[list[str]],
) -> dict[str, Any]:
    directive = {
        "Namespace": namespace,
        "Dimensions": sets,
        "Metrics": [
            {"Name": metric.value, "Unit": _UNITS.get(metric, _DEFAULT_UNIT)} for metric in values
        ],
    }
    return {
        "_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": [directive]},
        **dimensions,
        **{metric.value: value for metric, value in values.items()},
    }
