"""Least privilege, proven both ways: with its grants the system works, without any one it does not.

`needed.NEEDED` must name exactly what the deployed templates grant: a grant that nothing needs has
no place in them.
"""

from typing import Any

import pytest

from tests.integration.cloud.waiting import until
from tests.integration.permissions.grants import Grant
from tests.integration.permissions.needed import (
    ELSEWHERE,
    FOR_FAULTS,
    NEEDED,
    NOT_MISSED,
    Scenario,
)
from tests.integration.permissions.system import BrokenError, System

pytestmark = pytest.mark.cloud


TRIES = range(3)
HASH_CHARACTERS = 8
"""What CDK appends to a logical id."""


def place_of(role: str) -> str:
    """Return the fixture of the environment that a role is of."""
    return "pool" if role.startswith("pool ") else "system"


WORKING = list(
    dict.fromkeys(
        (place_of(role), scenario)
        for role, needed in NEEDED.items()
        for scenario in needed.values()
    )
)

REMOVALS = [
    pytest.param(role, grant, scenario, id=f"{role}-{grant}")
    for role, needed in NEEDED.items()
    for grant, scenario in needed.items()
]


@pytest.mark.parametrize(
    ("place", "scenario"), WORKING, ids=lambda value: getattr(value, "__name__", value)
)
def test_should_work_with_exactly_what_is_granted(
    request: Any, place: str, scenario: Scenario
) -> None:
    scenario(request.getfixturevalue(place))


@pytest.mark.parametrize(("role", "grant", "scenario"), REMOVALS)
def test_should_not_work_without_any_one_grant(
    request: Any, role: str, grant: Grant, scenario: Scenario
) -> None:
    system: System = request.getfixturevalue(place_of(role))
    with system.roles[role].without(grant), pytest.raises(BrokenError):
        scenario(system)


@pytest.mark.parametrize(
    ("role", "grant", "scenario"),
    [(role, *each) for role, grants in NOT_MISSED.items() for each in grants.items()],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_should_go_on_without_a_trace_and_say_so(
    request: Any, role: str, grant: Grant, scenario: Scenario
) -> None:
    system: System = request.getfixturevalue(place_of(role))
    assert not is_denied(codes_of(system, role, scenario))
    with system.roles[role].without(grant):
        found = (until(lambda: codes_of(system, role, scenario), f"{role} says so") for _ in TRIES)
        assert any(map(is_denied, found))


def codes_of(system: System, role: str, scenario: Scenario) -> set[str]:
    """Return why traces of a scenario were not sent.

    In a new environment: one that has failed to send stays silent for a minute.
    """
    system.start_anew(role)
    began = system.now()
    scenario(system)
    return system.untraced(role, since=began)


def is_denied(codes: set[str]) -> bool:
    """Return whether X-Ray refused; on a busy machine a call may also exceed its short limit."""
    return any("AccessDenied" in code for code in codes)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_should_leave_out_no_role_without_a_reason(request: Any, place: str) -> None:
    system: System = request.getfixturevalue(place)
    known = {role.name for role in system.roles.values()}
    rows = {role for role in NEEDED if place_of(role) == place}

    assert rows == set(system.roles)
    assert set(ELSEWHERE[place]) == {
        logical_id[:-HASH_CHARACTERS]
        for logical_id, name in system.deployed_roles().items()
        if name not in known
    }


@pytest.mark.parametrize("role", NEEDED)
def test_should_grant_nothing_that_is_not_needed(request: Any, role: str) -> None:
    system: System = request.getfixturevalue(place_of(role))
    expected = {*NEEDED[role], *NOT_MISSED.get(role, {}), *FOR_FAULTS.get(role, ())}
    assert system.roles[role].grants() == expected
