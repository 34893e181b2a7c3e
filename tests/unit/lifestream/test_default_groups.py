"""The default security groups of an environment's VPCs."""

from dataclasses import replace

from lifestream.default_groups import DefaultGroup, default_groups
from lifestream.doctor.findings import Severity
from lifestream.doctor.resource_checks import check_default_group
from tests.unit.lifestream.operators import FakeClients

CLOSED = DefaultGroup(vpc_id="vpc-1", group_id="sg-1", ingress=(), egress=())
RULE = {"IpProtocol": "-1"}


def test_should_call_nothing_without_a_vpc() -> None:
    assert default_groups(FakeClients(), []) == []


def test_should_note_an_open_group_with_the_command_that_closes_it() -> None:
    for opened in (replace(CLOSED, ingress=(RULE,)), replace(CLOSED, egress=(RULE,))):
        (found,) = check_default_group(opened, "dev")

        assert found.severity is Severity.NOTE
        assert found.mend == "python -m lifestream --environment dev protect"


def test_should_find_nothing_wrong_with_a_closed_group() -> None:
    assert list(check_default_group(CLOSED, "dev")) == []
