from typing import Any

import pytest

from runtime.protection.testing.faults import (
    NO_FAULT,
    AgentFaults,
    Fault,
    InvalidFaultError,
    fault_from,
)


def test_should_concern_every_task_until_cleared() -> None:
    faults = AgentFaults()
    faults.switch_on(Fault(failure="ANY"))
    assert [faults.take("arn:a"), faults.take("arn:b")] == [Fault(failure="ANY")] * 2
    faults.clear()
    assert faults.take("arn:a") == NO_FAULT


def test_should_concern_one_task_only_when_told_so() -> None:
    faults = AgentFaults()
    faults.switch_on(Fault(failure="FOR_ALL"))
    faults.switch_on(Fault(task="arn:a", silent=True))
    assert faults.take("arn:a").silent
    assert faults.take("arn:b").failure == "FOR_ALL"


def test_should_end_after_its_calls() -> None:
    faults = AgentFaults()
    faults.switch_on(Fault(failure="TWICE", calls=2))
    assert [faults.take("arn:a").failure for _ in range(3)] == ["TWICE", "TWICE", None]


def test_should_read_a_whole_fault() -> None:
    assert fault_from(
        {
            "task": "arn:a",
            "calls": 3,
            "latency_seconds": 1,
            "error": {"status": 500, "code": "ServerException"},
            "lands": True,
        }
    ) == Fault(
        task="arn:a", calls=3, latency_seconds=1.0, error=(500, "ServerException", ""), lands=True
    )


@pytest.mark.parametrize(
    "given", [{"latency": 1}, {"error": {"code": "NoStatus"}}, {"calls": "many"}]
)
def test_should_refuse_what_is_no_fault(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidFaultError):
        fault_from(given)
