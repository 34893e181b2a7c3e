"""Metrics that a test can look at."""

from collections.abc import Mapping

from runtime.core.contract import Metric


class CapturedMetrics:
    """`kept` holds every value in order, each with the code it was put with."""

    def __init__(self) -> None:
        self.kept: list[tuple[Metric, float, str | None]] = []

    def put(self, values: Mapping[Metric, float], *, code: str | None = None) -> None:
        self.kept += [(metric, value, code) for metric, value in values.items()]

    def codes(self, metric: Metric) -> list[str | None]:
        """The codes that a metric was put with, in order."""
        return [code for kept, _, code in self.kept if kept is metric]

    def total(self, metric: Metric) -> float:
        """The sum of a metric's values."""
        return sum(self.values(metric))

    def values(self, metric: Metric) -> list[float]:
        """A metric's values, in order."""
        return [value for kept, value, _ in self.kept if kept is metric]
