"""Gap: log lines in CloudWatch's embedded metric format stay lines. Closed: they become metrics."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

MARK = '"_aws"'
MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Datum:
    """One value of one metric; `at` is in seconds since the epoch."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str]
    value: float
    at: float


def install() -> None:
    """Store the metrics of whatever is logged, in the account and region that logs it."""
    append: Callable[[dict[str, Any], Sequence[Mapping[str, Any]]], None] = (
        cloudwatch_logs._append_log_events
    )

    def append_and_measure(stream: dict[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        append(stream, events)
        for event in events:
            for datum in data_of(event["message"]):
                store(datum)

    cloudwatch_logs._append_log_events = append_and_measure


def data_of(line: str) -> Iterator[Datum]:
    """Yield the values that a log line embeds, each once for every set of dimensions.

    What is no such document, or names a value that it does not have, yields nothing, as on AWS.
    """
    if MARK not in line:
        return
    try:
        document = json.loads(line)
        about = document["_aws"]
        for directive in about["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    yield Datum(
                        directive["Namespace"],
                        metric["Name"],
                        metric.get("Unit", "None"),
                        dimensions,
                        float(document[metric["Name"]]),
                        about["Timestamp"] / MILLISECONDS,
                    )
    except (ValueError, KeyError, TypeError):
        return


def store(datum: Datum) -> None:
    """Add a value to the metrics of the current account and region."""
    key = (datum.namespace, datum.name, cloudwatch._dims_key(dict(datum.dimensions)))
    cloudwatch._metric_bucket(key).append(
        {
            "Timestamp": datum.at,
            "Value": datum.value,
            "Unit": datum.unit,
            "Dimensions": dict(datum.dimensions),
        }
    )
