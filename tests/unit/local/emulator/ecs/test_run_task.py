from typing import Any

import pytest

from local.emulator.ecs.run_task import (
    TOKEN_LIFETIME_SECONDS,
    ClientTokens,
    TokenConflictError,
    refusal,
)
from tests.fakes.clock import FakeClock

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
VALID = {"cluster": "any", "taskDefinition": "any:1", "networkConfiguration": NETWORK}


def refused(**changes: Any) -> tuple[str, str] | None:
    return refusal(
        {**VALID, **changes},
        network_mode="awsvpc",
        clusters={"any"},
        subnets={"subnet-1"},
        security_groups={"sg-1"},
    )


class Starts:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> list[str]:
        self.count += 1
        return [f"task-{self.count}"]


def test_should_start_once_for_the_same_token_and_parameters() -> None:
    tokens, starts = ClientTokens(FakeClock()), Starts()
    assert tokens.once(("token",), "same", starts) == (True, ["task-1"])
    assert tokens.once(("token",), "same", starts) == (False, ["task-1"])
    assert starts.count == 1


def test_should_refuse_a_token_with_other_parameters() -> None:
    tokens, starts = ClientTokens(FakeClock()), Starts()
    tokens.once(("token",), "some", starts)
    with pytest.raises(TokenConflictError):
        tokens.once(("token",), "other", starts)
    assert starts.count == 1


def test_should_forget_a_token_after_a_day() -> None:
    clock, starts = FakeClock(), Starts()
    tokens = ClientTokens(clock)
    tokens.once(("token",), "some", starts)
    clock.advance(TOKEN_LIFETIME_SECONDS)
    assert tokens.once(("token",), "other", starts) == (True, ["task-2"])


def test_should_not_remember_a_token_that_started_nothing() -> None:
    tokens, starts = ClientTokens(FakeClock()), Starts()
    tokens.once(("token",), "some", list)
    assert tokens.once(("token",), "other", starts) == (True, ["task-1"])


def test_should_keep_the_tokens_of_two_clusters_apart() -> None:
    tokens, starts = ClientTokens(FakeClock()), Starts()
    tokens.once(("one", "token"), "same", starts)
    assert tokens.once(("two", "token"), "same", starts) == (True, ["task-2"])


def test_should_accept_a_valid_request() -> None:
    assert refused() is None
    assert refused(cluster="arn:aws:ecs:us-east-1:000000000000:cluster/any") is None


@pytest.mark.parametrize(
    ("changes", "code", "part"),
    [
        ({"cluster": "other"}, "ClusterNotFoundException", "not found"),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}},
            "InvalidParameterException",
            "subnet-2",
        ),
        (
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-2"]}
                }
            },
            "InvalidParameterException",
            "sg-2",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            "InvalidParameterException",
            "subnets can not be empty",
        ),
        ({"clientToken": "t" * 65}, "InvalidParameterException", "64"),
        ({"startedBy": "s" * 129}, "InvalidParameterException", "128"),
        ({"overrides": {"x": "y" * 8192}}, "InvalidParameterException", "8192"),
    ],
)
def test_should_refuse_what_ecs_refuses(changes: dict[str, Any], code: str, part: str) -> None:
    answer = refused(**changes)
    assert answer is not None
    assert answer[0] == code
    assert part in answer[1]


def test_should_ask_for_a_network_only_when_the_task_has_its_own() -> None:
    request = {"cluster": "any", "taskDefinition": "any:1"}
    answer = refusal(
        request, network_mode="bridge", clusters={"any"}, subnets=(), security_groups=()
    )
    assert answer is None
