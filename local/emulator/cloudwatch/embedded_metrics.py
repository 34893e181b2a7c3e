"""Gap (1.5.33, upstream): log lines in CloudWatch's embedded metric format become no metrics."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

from local.emulator.patching import patch

MARK = '"_aws"'
MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One value of one metric; `at` is in seconds since the epoch."""

    namespace: str
    name: str
    unit: str
    dimensions: dict[str, str]
    value: float
    at: float


@patch(cloudwatch_logs, "_append_log_events")
def append(original: Any, stream: Any, events: Sequence[Mapping[str, Any]]) -> None:
    """Store the metrics of whatever is logged, in the account and region that logs it."""
    original(stream, events)
    for event in events:
        for each in embedded_values(event["message"]):
            key = (each.namespace, each.name, cloudwatch._dims_key(each.dimensions))
            value = {"Timestamp": each.at, "Value": each.value, "Unit": each.unit}
            bucket = cloudwatch._metric_bucket(key)
            bucket.append({**value, "Dimensions": each.dimensions})


def embedded_values(line: str) -> Iterator[MetricValue]:
    """Yield the values that a log line embeds, each once for every set of dimensions.

    Any other line, and a document that names a value which it lacks, yields nothing, as on AWS.
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
                    yield MetricValue(
                        directive["Namespace"],
                        metric["Name"],
                        metric.get("Unit", "None"),
                        dimensions,
                        float(document[metric["Name"]]),
                        about["Timestamp"] / MILLISECONDS,
                    )
    except (ValueError, KeyError, TypeError):
        return
