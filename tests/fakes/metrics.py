"""Metrics that a test can look at."""

from collections.abc import Mapping
from typing import Any

from runtime.core.contract import Metric
from runtime.core.metrics import embedded


class CapturedMetrics:
    """`kept` holds every value in order, each with the code or the dimension it was put with."""

    def __init__(self) -> None:
        self.kept: list[tuple[Metric, float, str | None]] = []

    def put(
        self, values: Mapping[Metric, float], *, code: str | None = None, of: str | None = None
    ) -> None:
        embedded(values, now=0.0, environment="any", code=code, of=of)
        self.kept += [(metric, value, of or code) for metric, value in values.items()]

    def bind(self, **_fields: Any) -> "CapturedMetrics":
        return self

    def codes(self, metric: Metric) -> list[str | None]:
        """The codes that a metric was put with, in order."""
        return [code for kept, _, code in self.kept if kept is metric]

    def of(self, metric: Metric) -> dict[str | None, float]:
        """A metric's last value by what it is about."""
        return {of: value for kept, value, of in self.kept if kept is metric}

    def total(self, metric: Metric) -> float:
        """The sum of a metric's values."""
        return sum(self.values(metric))

    def values(self, metric: Metric) -> list[float]:
        """A metric's values, in order."""
        return [value for kept, value, _ in self.kept if kept is metric]
