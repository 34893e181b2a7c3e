"""What is read of an account before anything is created, and what may not be."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifestream.preflight.account import FARGATE_ON_DEMAND, read_account
from tests.unit.lifestream.test_preflight import needs, wrong


class Quotas:
    """Service Quotas, of which an account may have the default only."""

    def get_service_quota(self, **_: str) -> Any:
        raise ClientError({"Error": {"Code": "NoSuchResourceException"}}, "GetServiceQuota")

    def get_aws_default_service_quota(self, **_: str) -> Any:
        return {"Quota": {"Value": 6.0}}


class Aws:
    """Clients of which Service Quotas answers, and all others may not be called."""

    def __call__(self, service: str) -> Any:
        if service == "service-quotas":
            return Quotas()
        raise ClientError({"Error": {"Code": "AccessDenied"}}, service)


def test_should_read_what_it_may_and_say_what_it_may_not() -> None:
    account = read_account(Aws(), needs(), list)  # type: ignore[arg-type]

    assert account.quotas[FARGATE_ON_DEMAND] == 6.0
    assert "Lambda's concurrency" in account.unread
    assert wrong(needs(), account) == []


class Exports:
    """CloudFormation's exports of three zones, of which the stacks in `users` import `zone`."""

    def __init__(self, zone: int, users: list[str]) -> None:
        self._imported, self._users = _export(zone), users

    def __call__(self, service: str) -> Any:
        if service == "cloudformation":
            return self
        raise ClientError({"Error": {"Code": "AccessDenied"}}, service)

    def get_paginator(self, name: str) -> "Exports":
        assert name == "list_exports"
        return self

    def paginate(self) -> Any:
        stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/lifestream-dev-network/any"
        other = stack.replace("-dev-", "-other-")
        yield {
            "Exports": [
                *({"Name": _export(n), "ExportingStackId": stack} for n in (1, 2, 3)),
                {"Name": "lifestream-dev-network:ExportsOutputRefVpc", "ExportingStackId": stack},
                {"Name": f"other:{_export(3)}", "ExportingStackId": other},
            ]
        }

    def list_imports(self, *, ExportName: str) -> Any:  # noqa: N803 - boto3's name
        if ExportName != self._imported or not self._users:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "ListImports")
        return {"Imports": self._users}


def _export(zone: int) -> str:
    return f"lifestream-dev-network:ExportsOutputRefVpctaskSubnet{zone}SubnetAB12"


@pytest.mark.parametrize(
    ("zone", "users", "found"),
    [
        (3, ["lifestream-dev-processing"], True),
        (3, [], False),
        (2, ["lifestream-dev-processing"], False),
    ],
)
def test_should_find_a_zone_that_is_given_up_while_it_is_in_use(
    zone: int, users: list[str], *, found: bool
) -> None:
    account = read_account(Exports(zone, users), needs(), list)  # type: ignore[arg-type]

    mends = [mend for subject, mend in wrong(needs(), account) if subject.startswith("Zone")]
    assert len(mends) == found
    assert all("zones = 3 and zones_in_use = 2; deploy; then zones = 2" in m for m in mends)
