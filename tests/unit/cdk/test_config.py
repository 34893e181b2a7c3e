"""A wrong environment file is refused in words that say what, why and where."""

import re
import tomllib
from typing import Any

import pytest

from cdk.config import ConfigError, load_environment, parse_environment
from tests.infra.gpu import GPU
from tests.unit.cdk.bad_settings import BY_THEMSELVES, EXISTING, PINNED, PREFIX_LISTS, TOGETHER
from tests.unit.cdk.documents import ROOT, WHERE, changed, changed_all, document, problems


def test_should_accept_every_environment_of_the_repository() -> None:
    found = {path.stem for path in (ROOT / "environments").glob("*.toml")}

    loaded = [load_environment(ROOT / "environments" / f"{name}.toml") for name in sorted(found)]

    assert [environment.name for environment in loaded] == sorted(found)
    assert {"dev", "staging", "prod"} <= found


def test_should_read_values_as_they_are_written() -> None:
    environment = parse_environment("any", document(), where=WHERE)

    assert environment.account is None
    assert environment.queue.visibility_timeout_seconds == 120
    assert environment.processor.memory_mib == 8192


def test_should_take_addresses_for_alarms() -> None:
    addresses = ["a@example.com", "b.c@mail.example.com"]

    environment = parse_environment("any", changed("alarms.emails", addresses), where=WHERE)

    assert environment.alarms.emails == tuple(addresses)


def test_should_take_account_and_region_together() -> None:
    pins = {"account": "123456789012", "region": "us-gov-west-1"}

    environment = parse_environment("any", {**document(), **pins}, where=WHERE)

    assert (environment.account, environment.region) == ("123456789012", "us-gov-west-1")


@pytest.mark.parametrize(("key", "value", "allowed"), BY_THEMSELVES)
def test_should_refuse_a_value_that_is_wrong_by_itself(key: str, value: Any, allowed: str) -> None:
    found = problems({**pinned(key), **changed(key, value)})

    (line,) = found
    assert line.startswith(f"{WHERE}: {key} = {value!r}; allowed is ")
    assert allowed in line
    assert line.endswith(f"; change {key} in {WHERE}")


def pinned(key: str) -> dict[str, str]:
    """Return the other half of account and region, which only go together."""
    halves = {"account": {"region": "us-east-1"}, "region": {"account": "123456789012"}}
    return halves.get(key, {})


@pytest.mark.parametrize(("changes", "expected"), TOGETHER)
def test_should_refuse_values_that_are_wrong_together(
    changes: dict[str, Any], expected: str
) -> None:
    (line,) = problems(changed_all(changes))

    assert re.search(expected, line)
    assert re.search(rf"; change \S+ in {re.escape(WHERE)}$", line)


def test_should_refuse_many_mistakes_each_in_words_of_its_own() -> None:
    by_themselves = [problems({**changed(k, v), **pinned(k)}) for k, v, _ in BY_THEMSELVES]
    together = [problems(changed_all(changes)) for changes, _ in TOGETHER]
    lines = [line for found in (*by_themselves, *together) for line in found]

    assert len(lines) == len(BY_THEMSELVES) + len(TOGETHER) >= 100
    assert len(set(lines)) == len(lines)


def test_should_take_a_network_that_is_there() -> None:
    network = parse_environment("any", changed_all(EXISTING), where=WHERE).network

    assert network.vpc_id == "vpc-0a1b2c3d"
    assert network.task_subnet_ids == ("subnet-0a1b2c3d", "subnet-4e5f6a7b")


def test_should_take_prefix_lists_of_a_closed_network() -> None:
    closed = {"network.nat_gateways": 0, "network.interface_endpoints": True}

    network = parse_environment(
        "any", changed_all({**PINNED, **PREFIX_LISTS, **closed}), where=WHERE
    ).network

    assert network.s3_prefix_list == "pl-0a1b2c3d"


def test_should_go_without_backups_unless_asked_for() -> None:
    asked = parse_environment("any", changed("backup.keep_days", 7), where=WHERE)

    assert parse_environment("any", document(), where=WHERE).backup is None
    assert asked.backup is not None
    assert asked.backup.keep_days == 7


def test_should_take_a_channel_and_go_without_one() -> None:
    channel = {"chat.slack_workspace": "T01234567", "chat.slack_channel": "C01234567"}

    asked = parse_environment("any", changed_all(channel), where=WHERE)

    assert asked.chat is not None
    assert asked.chat.slack_channel == "C01234567"
    assert parse_environment("any", document(), where=WHERE).chat is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"budget.monthly_usd": 0}, "budget.monthly_usd = 0; allowed is a whole number from 1"),
        ({"chat.slack_workspace": "mine", "chat.slack_channel": "C01234567"}, "T01234567"),
        ({"chat.slack_workspace": "T01234567", "chat.slack_channel": "#ops"}, "C01234567"),
        ({"chat.slack_channel": "C01234567"}, "chat.slack_workspace is missing"),
    ],
)
def test_should_refuse_a_wrong_budget_or_channel(settings: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in problems(changed_all(settings)))


def test_should_take_origins_of_web_pages() -> None:
    origins = ["https://videos.example.com", "http://localhost:5173"]

    environment = parse_environment("any", changed("uploads.allowed_origins", origins), where=WHERE)

    assert environment.uploads.allowed_origins == tuple(origins)


def test_should_refuse_a_pool_that_is_not_described() -> None:
    content = changed("launch", "pool")
    del content["pool"]

    (line,) = problems(content)

    assert line == (
        f"{WHERE}: launch = 'pool'; allowed is on_demand while there is no table [pool]"
        f" (add one for a pool); change launch in {WHERE}"
    )


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("instance_type", "m5.large", "an EC2 type with a GPU: g4dn.xlarge"),
        ("max_tasks", 0, "a whole number from 1 to 20"),
        ("cpu", 512, "1024 for each vCPU of the machine"),
        ("memory_mib", 1024, "a machine needs about a tenth itself"),
        ("disk_gib", 30, "the system and the image take 30"),
        ("image_tag", "a b", "an image tag"),
        ("start_seconds", 60, "a machine starts, then pulls the image"),
        ("visibility_timeout_seconds", 60, "a worker sends a heartbeat every half minute"),
        ("job_timeout_seconds", 20000, "CloudFormation gives up after 3 hours"),
        ("standby", 1, "true or false"),
    ],
)
def test_should_refuse_a_gpu_target_that_is_wrong(key: str, value: Any, allowed: str) -> None:
    content = document() | tomllib.loads(GPU)
    content["gpu"][key] = value

    (line,) = problems(content)

    assert line.startswith(f"{WHERE}: gpu.{key} = {value!r}; allowed is ")
    assert allowed in line


def test_should_take_a_gpu_target_and_do_without() -> None:
    gpu = parse_environment("any", document() | tomllib.loads(GPU), where=WHERE).gpu

    assert gpu is not None
    assert gpu.instance_type == "g4dn.xlarge"
    assert parse_environment("any", document(), where=WHERE).gpu is None


def test_should_refuse_gpu_jobs_longer_than_the_reaper_allows() -> None:
    content = document() | tomllib.loads(GPU)
    content["processor"]["job_timeout_seconds"] = 9000
    content["gpu"]["job_timeout_seconds"] = 9001

    (line,) = problems(content)

    assert "gpu.job_timeout_seconds = 9001; allowed is at most processor.job_timeout" in line


def test_should_do_without_a_pool() -> None:
    content = document()
    del content["pool"]

    assert parse_environment("any", content, where=WHERE).workers is None


@pytest.mark.parametrize(
    ("settings", "workers"),
    [
        ({"launch": "on_demand", "standby": False}, 0),
        ({"launch": "on_demand", "standby": True}, 3),
        ({"launch": "pool", "standby": False}, 3),
        ({"launch": "pool", "standby": True}, 3),
    ],
)
def test_should_have_workers_while_they_are_used_or_kept(
    settings: dict[str, Any], workers: int
) -> None:
    content = {**changed("pool.standby", settings["standby"]), "launch": settings["launch"]}

    pool = parse_environment("any", content, where=WHERE).workers

    assert (pool.max_tasks if pool else 0) == workers


def test_should_take_the_launch_asked_for_instead_of_the_files_own() -> None:
    path = ROOT / "environments" / "dev.toml"

    assert load_environment(path).launch == "on_demand"
    assert load_environment(path, launch="pool").launch == "pool"
    with pytest.raises(ConfigError, match=r"launch = 'both'; allowed is one of on_demand, pool"):
        load_environment(path, launch="both")


@pytest.mark.parametrize("name", ["prod", "prod-eu"])
def test_should_refuse_production_whose_data_goes_with_its_stacks(name: str) -> None:
    (line,) = problems(document(), name)

    assert f"retain_data = False; allowed is true in {name!r}" in line


def test_should_not_mistake_a_product_for_production() -> None:
    assert parse_environment("product", document(), where=WHERE).retain_data is False
