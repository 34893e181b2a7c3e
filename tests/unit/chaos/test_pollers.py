from types import SimpleNamespace
from typing import Any

from chaos.outages import Outages, outage_start
from chaos.pollers import Pollers


class Lambda:
    """Two event source mappings."""

    def __init__(self) -> None:
        self.enabled = {"a": True, "b": True}
        self.calls = 0

    def get_paginator(self, name: str) -> Any:
        assert name == "list_event_source_mappings"
        mappings = [{"UUID": each} for each in self.enabled]
        return SimpleNamespace(paginate=lambda: [{"EventSourceMappings": mappings}])

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> None:  # noqa: N803 - boto3's
        self.calls += 1
        self.enabled[UUID] = Enabled


def test_should_switch_polls_off_while_sqs_is_out_and_on_again() -> None:
    functions = Lambda()
    system: Any = SimpleNamespace(cloud=SimpleNamespace(client=lambda _: functions))
    start = outage_start("sqs", 60.0)
    times = [0.0]
    outages = Outages(seconds=60.0, began=0.0, now=lambda: times[-1])
    pollers = Pollers(system, outages)
    seen = []
    for now in (0.0, start, start + 60.0):
        times.append(now)
        for _ in range(2):
            pollers.follow(out=outages.has("sqs"))
        seen.append(set(functions.enabled.values()))
    assert seen == [{True}, {False}, {True}]
    assert functions.calls == 4
