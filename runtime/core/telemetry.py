"""A component's logs, metrics and traces as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.core.contract import Metric
from runtime.core.log import Log
from runtime.core.metrics import Metrics, NoMetrics
from runtime.core.tracer import NoTracing, Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Where a component reports what it does; metrics and traces are dropped by default."""

    log: Log
    metrics: Metrics = field(default_factory=NoMetrics)
    tracing: Tracing = field(default_factory=NoTracing)

    def bind(self, **fields: Any) -> "Telemetry":
        """Return the same telemetry that adds these fields to every line of log and metrics."""
        return replace(self, log=self.log.bind(**fields), metrics=self.metrics.bind(**fields))

    def count(self, values: Mapping[str, float]) -> None:
        """Add values now, by the names of their metrics."""
        self.metrics.put({Metric(name): value for name, value in values.items()})
