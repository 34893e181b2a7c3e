"""What a new account lacks is found before anything is created, with the command that mends it."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lifestream.environment import Stack
from lifestream.preflight.account import (
    ECS_ROLE,
    ELASTIC_IPS,
    FARGATE_ON_DEMAND,
    FARGATE_SPOT,
    G_INSTANCES,
    SCALING_ROLE,
    VPCS,
    Account,
    quotas_of,
    roles_of,
)
from lifestream.preflight.checks import check_account
from lifestream.preflight.needs import Needs, needs_of, read_needs
from runtime.core.contract import Launch
from runtime.core.errors import Permanent
from tests.infra.gpu import GPU, private

ROOT = Path(__file__).resolve().parents[3]
DEV = private((ROOT / "environments" / "dev.toml").read_text())


def needs(text: str = DEV, **changes: Any) -> Needs:
    return replace(needs_of(tomllib.loads(text), "dev"), **changes)


def pooled() -> Needs:
    return needs_of(tomllib.loads(DEV) | {"launch": Launch.POOL}, "dev")


def sufficient(wanted: Needs) -> Account:
    """Return an account that lacks nothing."""
    return Account(
        concurrency=1000,
        quotas=dict.fromkeys(quotas_of(wanted), 1000.0),
        elastic_ips=0,
        vpcs=0,
        roles={name: True for name, _ in roles_of(wanted)},
        bootstrap=30,
        image=True,
        repository=True,
    )


def wrong(wanted: Needs, account: Account) -> list[tuple[str, str]]:
    return [(f.subject, f.mend) for f in check_account(wanted, account) if f.wrong]


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_should_find_nothing_wrong_with_an_account_that_has_it_all(name: str) -> None:
    wanted = replace(read_needs(ROOT / "environments" / f"{name}.toml"), receivers=())

    assert wrong(wanted, sufficient(wanted)) == []


@pytest.mark.parametrize("address", ["operators@example.com", "a@example.org"])
def test_should_find_receivers_that_are_examples(address: str) -> None:
    wanted = needs(receivers=(address, "a@b.example.test.com"))

    assert [subject for subject, _ in wrong(wanted, sufficient(wanted))] == ["Alarm receivers"]


NAMED = "arn:aws:secretsmanager:us-east-1:111122223333:secret:model-key-AbCdEf"


@pytest.mark.parametrize(
    "text",
    [
        f'{DEV}\n[summary]\napi_key_secret = "{NAMED}"\n',
        DEV.replace(
            "[service]\nenabled = false",
            f'[service]\noidc_client_secret_arn = "{NAMED}"\nenabled = true',
        ),
    ],
)
def test_should_find_secrets_that_do_not_exist(text: str) -> None:
    wanted = needs(text)
    account = sufficient(wanted)
    account.secrets = {NAMED: False}

    assert wanted.secrets == (NAMED,)
    ((subject, mend),) = wrong(wanted, account)
    assert subject == "Secret model-key-AbCdEf"
    assert "create-secret --name model-key " in mend


def test_should_look_for_no_secret_of_a_service_that_is_off() -> None:
    off = DEV.replace("[service]", f'[service]\noidc_client_secret_arn = "{NAMED}"')

    assert needs(off).secrets == ()


def test_should_note_the_lists_that_narrow_the_egress_of_a_closed_network() -> None:
    closed = read_needs(ROOT / "environments" / "staging.toml")
    account = sufficient(closed)
    account.prefix_lists = {"s3": "pl-1", "dynamodb": "pl-2"}

    (found,) = check_account(closed, account)

    assert closed.lacks_prefix_lists
    assert not found.wrong
    assert 's3_prefix_list = "pl-1"' in found.mend
    assert not needs().lacks_prefix_lists


def test_should_refuse_a_reserve_that_lambda_refuses() -> None:
    wanted = needs(reserved_concurrency=5)
    account = sufficient(wanted)
    account.concurrency = 10

    ((subject, mend),) = wrong(wanted, account)

    assert subject == "Lambda concurrency"
    assert "--service-code lambda --quota-code L-B99A9384 --desired-value 105" in mend


def test_should_reserve_nothing_in_any_environment() -> None:
    for path in (ROOT / "environments").glob("*.toml"):
        assert read_needs(path).reserved_concurrency == 0


@pytest.mark.parametrize("quota", [FARGATE_ON_DEMAND, FARGATE_SPOT])
def test_should_find_that_no_task_can_start(quota: tuple[str, str]) -> None:
    account = sufficient(needs())
    account.quotas[quota] = 2.0

    ((_, mend),) = wrong(needs(), account)

    assert f"--quota-code {quota[1]} --desired-value 4" in mend


def test_should_find_that_a_pool_is_larger_than_the_quota() -> None:
    account = sufficient(pooled())
    account.quotas[FARGATE_SPOT] = 6.0

    ((subject, mend),) = wrong(pooled(), account)

    assert subject == "Fargate Spot vCPUs"
    assert mend.endswith("--desired-value 12")


def test_should_ask_of_a_pool_only_the_providers_that_it_uses() -> None:
    assert pooled().providers == ("FARGATE_SPOT",)


def test_should_find_that_machines_with_a_gpu_cannot_start() -> None:
    wanted = needs(DEV + GPU)
    account = sufficient(wanted)
    account.quotas[G_INSTANCES] = 0.0

    assert [subject for subject, _ in wrong(wanted, account)] == ["EC2 G instances"]


@pytest.mark.parametrize(
    ("quota", "used"), [(ELASTIC_IPS, "elastic_ips"), (VPCS, "vpcs")], ids=["address", "vpc"]
)
def test_should_find_that_the_network_cannot_be_created(quota: tuple[str, str], used: str) -> None:
    account = sufficient(needs())
    account.quotas[quota] = 5.0
    setattr(account, used, 5)

    assert len(wrong(needs(), account)) == 1
    account.stacks = [Stack(name="lifestream-dev-network", status="CREATE_COMPLETE", outputs={})]
    assert wrong(needs(), account) == []


def test_should_find_a_subnet_without_addresses() -> None:
    wanted = needs(subnet_ids=("subnet-1",), free_addresses_per_subnet=None)
    account = sufficient(wanted)
    account.free_addresses = {"subnet-1": 0}

    assert [subject for subject, _ in wrong(wanted, account)] == ["Addresses of subnet-1"]


def test_should_find_a_network_that_is_too_small() -> None:
    small = DEV.replace("10.20.0.0/16", "10.20.0.0/24")
    wanted = needs_of(tomllib.loads(small) | {"launch": Launch.POOL}, "dev")
    wanted = replace(wanted, addresses_per_subnet=100)

    assert [subject for subject, _ in wrong(wanted, sufficient(wanted))] == [
        "Addresses of each task subnet"
    ]


@pytest.mark.parametrize("role", [ECS_ROLE, SCALING_ROLE])
def test_should_create_a_missing_service_linked_role(role: tuple[str, str]) -> None:
    account = sufficient(pooled())
    account.roles[role[0]] = False

    assert wrong(pooled(), account) == [
        (role[0], f"aws iam create-service-linked-role --aws-service-name {role[1]}")
    ]


@pytest.mark.parametrize("version", [0, 5])
def test_should_bootstrap_an_account(version: int) -> None:
    account = sufficient(needs())
    account.bootstrap = version

    assert wrong(needs(), account) == [("CDK bootstrap", "npx cdk bootstrap")]


@pytest.mark.parametrize("repository", [True, False])
def test_should_push_a_missing_image(*, repository: bool) -> None:
    account = sufficient(needs())
    account.image, account.repository = False, repository

    ((subject, mend),) = wrong(needs(), account)

    assert subject == "Processor image"
    assert mend.endswith("make push ENVIRONMENT=dev")
    assert ("cdk deploy" in mend) is not repository


def test_should_delete_what_a_failed_creation_left() -> None:
    account = sufficient(needs())
    account.stacks = [Stack(name="lifestream-dev-ingest", status="ROLLBACK_COMPLETE", outputs={})]

    assert wrong(needs(), account) == [
        (
            "lifestream-dev-ingest",
            "aws cloudformation delete-stack --stack-name lifestream-dev-ingest",
        )
    ]


def test_should_name_an_environment_without_a_file() -> None:
    with pytest.raises(Permanent, match=r"no file qa\.toml"):
        read_needs(ROOT / "environments" / "qa.toml")
