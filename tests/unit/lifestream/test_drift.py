"""Changes by hand, as CloudFormation finds them."""

import pytest

from lifestream.drift import MOST_POLLS, Drift, check_drift, detect
from runtime.core.errors import Permanent
from tests.fakes.clock import FakeClock
from tests.unit.lifestream.operators import FakeClients


class FakeDetection:
    """CloudFormation with one stack that takes some polls, and what it finds there."""

    def __init__(self, *, polls: int, drifts: tuple[dict[str, object], ...] = ()) -> None:
        self.polls = polls
        self.drifts = drifts

    def detect_stack_drift(self, **stack: str) -> dict[str, str]:
        return {"StackDriftDetectionId": stack["StackName"]}

    def describe_stack_drift_detection_status(self, **_detection: str) -> dict[str, str]:
        self.polls -= 1
        if self.polls > 0:
            return {"DetectionStatus": "DETECTION_IN_PROGRESS"}
        status = "DRIFTED" if self.drifts else "IN_SYNC"
        return {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": status}

    def describe_stack_resource_drifts(self, **_stack: object) -> dict[str, object]:
        return {"StackResourceDrifts": list(self.drifts)}


class ClientsOf(FakeClients):
    def __init__(self, cloudformation: FakeDetection) -> None:
        super().__init__()
        self._made = {"cloudformation": cloudformation}


def drift(status: str = "MODIFIED", *paths: str) -> Drift:
    return Drift(stack="any", resource="Jobs", kind="AWS::X::Y", status=status, properties=paths)


def test_should_wait_for_the_detection_and_return_what_it_found() -> None:
    found: dict[str, object] = {
        "LogicalResourceId": "Jobs",
        "ResourceType": "AWS::X::Y",
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [{"PropertyPath": "/VisibilityTimeout"}],
    }
    clock = FakeClock()

    drifts = detect(ClientsOf(FakeDetection(polls=3, drifts=(found,))), ["any"], clock)

    assert drifts == [drift("MODIFIED", "/VisibilityTimeout")]
    assert len(clock.slept) == 2


def test_should_find_nothing_in_a_stack_that_is_in_sync() -> None:
    assert detect(ClientsOf(FakeDetection(polls=1)), ["any"], FakeClock()) == []


def test_should_give_up_after_a_while() -> None:
    with pytest.raises(Permanent, match=r"drift\.too_slow|not found out in time"):
        detect(ClientsOf(FakeDetection(polls=MOST_POLLS + 2)), ["any"], FakeClock())


def test_should_report_what_was_changed_by_hand() -> None:
    (changed,) = check_drift([drift("MODIFIED", "/VisibilityTimeout")])
    (gone,) = check_drift([drift("DELETED")])

    assert "/VisibilityTimeout" in changed.what
    assert gone.what == "It was deleted."
    assert changed.wrong


def test_should_not_report_what_protect_and_scaling_change() -> None:
    assert list(check_drift([drift("MODIFIED", "/DeletionProtectionEnabled")])) == []
    (found,) = check_drift([drift("MODIFIED", "/DesiredCount", "/Tags")])
    assert found.what == "It differs from its template in /Tags."
