"""A wrong environment file is refused in words that say what, why and where."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cdk.config import ConfigError, load_environment, parse_environment

ROOT = Path(__file__).resolve().parents[3]
WHERE = "environments/any.toml"


def document() -> dict[str, Any]:
    """Return a right file's content."""
    return tomllib.loads((ROOT / "environments" / "dev.toml").read_text())


def changed(key: str, value: Any) -> dict[str, Any]:
    """Return a right file's content but for one setting, given by dotted key."""
    content = document()
    *sections, last = key.split(".")
    table = content
    for section in sections:
        table = table[section]
    table[last] = value
    return content


def problems(content: dict[str, Any], name: str = "any") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refusal:
        parse_environment(name, content, where=WHERE)
    return refusal.value.problems


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


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("account", "12345", "12 digits in quotes"),
        ("account", 123456789012, "12 digits in quotes"),
        ("region", "Europe", "an AWS region such as us-east-1"),
        ("region", "us-east", "an AWS region such as us-east-1"),
        ("retain_data", "yes", "true or false"),
        ("retain_data", 1, "true or false"),
        ("launch", "spot", "one of on_demand, pool"),
        ("container_insights", "on", "one of enabled, enhanced"),
        ("network.cidr", "10.20.0.0/8", "a private IPv4 network of /16 to /24"),
        ("network.cidr", "10.20.0.0/25", "a private IPv4 network of /16 to /24"),
        ("network.cidr", "10.20.0.1/16", "no host bits set"),
        ("network.cidr", "8.8.0.0/16", "within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"),
        ("network.cidr", "fd00::/16", "a private IPv4 network"),
        ("network.cidr", 10, "a private IPv4 network"),
        ("network.zones", 1, "a whole number from 2 to 3"),
        ("network.zones", 4, "a whole number from 2 to 3"),
        ("network.zones", 2.0, "a whole number from 2 to 3"),
        ("network.nat_gateways", -1, "a whole number from 0 to 3"),
        ("network.nat_gateways", True, "a whole number from 0 to 3"),
        ("network.interface_endpoints", "false", "true or false"),
        ("storage.work_days", 0, "a whole number from 1 to 365"),
        ("storage.old_version_days", 0, "a whole number from 1 to 3650"),
        ("storage.access_log_days", "30", "a whole number from 1 to 3650"),
        ("storage.log_retention_days", 31, "what CloudWatch Logs accepts"),
        ("queue.visibility_timeout_seconds", 43201, "SQS allows 12 hours"),
        ("queue.max_receive_count", 4, "a whole number from 5 to 1000"),
        ("dispatcher.timeout_seconds", 14, "not begun with less than 8 s left"),
        ("dispatcher.timeout_seconds", 901, "Lambda allows 15 minutes"),
        ("dispatcher.memory_mib", 64, "a whole number from 128 to 10240"),
        ("dispatcher.max_concurrency", 1, "SQS event sources allow these"),
        ("dispatcher.claim_lease_seconds", 0, "a whole number from 10 to 43200"),
        ("dispatcher.log_level", "info", "one of DEBUG, INFO, WARNING, ERROR"),
        ("reaper.sweep_minutes", 0, "a whole number from 1 to 10"),
        ("reaper.sweep_minutes", 11, "the doctor calls a job stuck after half an hour"),
        ("reaper.timeout_seconds", 59, "a whole number from 60 to 900"),
        ("reaper.memory_mib", 64, "a whole number from 128 to 10240"),
        ("reaper.reserved_concurrency", 1, "a whole number from 2 to 100 (or left out"),
        ("reaper.max_attempts", 0, "a whole number from 1 to 10"),
        ("reaper.silence_seconds", 299, "a whole number from 300 to 1200"),
        ("reaper.log_level", "warn", "one of DEBUG, INFO, WARNING, ERROR"),
        ("processor.cpu", 4000, "one of 256, 512, 1024, 2048, 4096, 8192, 16384"),
        ("processor.memory_mib", "8 GB", "a whole number from 512 to 122880"),
        ("processor.ephemeral_storage_gib", 20, "a whole number from 21 to 200"),
        ("processor.ephemeral_storage_gib", 201, "a whole number from 21 to 200"),
        ("processor.architecture", "arm64", "one of X86_64, ARM64"),
        ("processor.stop_timeout_seconds", 1, "a whole number from 2 to 120"),
        ("processor.stop_timeout_seconds", 121, "Fargate kills a container after 120 s"),
        ("processor.job_timeout_seconds", 59, "a whole number from 60 to 86400"),
        ("processor.image_tag", "-latest", "an image tag"),
        ("processor.image_tag", "a b", "an image tag"),
        ("processor.asr_model", "../base", "a model's name"),
        ("processor.capacity_providers", [], "a list of 1 to 2"),
        ("processor.capacity_providers", ["FARGATE", "FARGATE"], "each once"),
        ("processor.capacity_providers", ["SPOT"], "one of FARGATE_SPOT, FARGATE"),
        ("pool.min_tasks", -1, "a whole number from 0 to 100"),
        ("pool.max_tasks", 0, "a whole number from 1 to 200"),
        ("pool.backlog_per_task", 0.5, "a whole number from 1 to 100"),
        ("pool.idle_minutes", 0, "a whole number from 1 to 180"),
        ("pool.start_seconds", 59, "a whole number from 60 to 900"),
        ("pool.on_demand_base", -1, "a whole number from 0 to 200"),
        ("pool.on_demand_weight", 1001, "a whole number from 0 to 1000"),
        ("pool.spot_weight", 1001, "a whole number from 0 to 1000"),
        ("pool.visibility_timeout_seconds", 119, "a worker's heart beats every half minute"),
        ("pool.visibility_timeout_seconds", 43201, "SQS allows 12 hours"),
        ("pool.max_receive_count", 4, "a worker about to go gives messages back"),
        ("pool.job_timeout_seconds", 9901, "CloudFormation gives up after 3 hours"),
        ("pool.standby", "no", "true or false"),
        ("alarms.emails", "a@example.com", "a list of 0 to 20, each once: an e-mail address"),
        ("alarms.emails", ["a@example"], "an e-mail address in quotes"),
        ("alarms.emails", ["a@example.com", "a@example.com"], "each once"),
        ("alarms.emails", [f"a{n}@example.com" for n in range(21)], "a list of 0 to 20"),
        ("alarms.oldest_message_seconds", 59, "a whole number from 60 to 86400"),
        ("alarms.put_backs_an_hour", 0, "a whole number from 1 to 10000"),
        ("processor.log_level", "TRACE", "one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
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


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"processor.memory_mib": 4096},
            r"processor\.memory_mib = 4096; .* with processor\.cpu = 4096 one of 8192, 9216",
        ),
        (
            {"processor.cpu": 256, "processor.memory_mib": 1536},
            r"processor\.memory_mib = 1536; .* processor\.cpu = 256 one of 512, 1024, 2048 ",
        ),
        (
            {"processor.cpu": 8192, "processor.memory_mib": 17408},
            r"processor\.memory_mib = 17408; .* one of 16384, 20480",
        ),
        (
            {"queue.visibility_timeout_seconds": 119},
            r"visibility_timeout_seconds = 119; allowed is at least 120, 6 x dispatcher\.timeout",
        ),
        (
            {"dispatcher.claim_lease_seconds": 20},
            r"claim_lease_seconds = 20; allowed is more than dispatcher\.timeout_seconds = 20",
        ),
        (
            {"dispatcher.claim_lease_seconds": 121},
            r"claim_lease_seconds = 121; .* at most queue\.visibility_timeout_seconds = 120",
        ),
        (
            {"reaper.timeout_seconds": 301},
            r"reaper\.timeout_seconds = 301; allowed is at most 300, reaper\.sweep_minutes = 5",
        ),
        (
            {"processor.job_timeout_seconds": 300, "pool.job_timeout_seconds": 300},
            r"silence_seconds = 300; .* less than processor\.job_timeout_seconds = 300",
        ),
        (
            {"alarms.oldest_message_seconds": 239},
            r"oldest_message_seconds = 239; allowed is at least 240, 2 x queue\.visibility",
        ),
        (
            {"network.nat_gateways": 3},
            r"network\.nat_gateways = 3; allowed is at most network\.zones = 2",
        ),
        (
            {"network.nat_gateways": 0},
            r"interface_endpoints = False; allowed is true while network\.nat_gateways = 0",
        ),
        (
            {"pool.min_tasks": 4},
            r"pool\.min_tasks = 4; allowed is at most pool\.max_tasks = 3",
        ),
        (
            {"pool.on_demand_base": 4},
            r"pool\.on_demand_base = 4; allowed is at most pool\.max_tasks = 3",
        ),
        (
            {"pool.on_demand_base": 1},
            r"pool\.on_demand_base = 1; allowed is 0 while pool\.on_demand_weight = 0",
        ),
        (
            {"pool.spot_weight": 0},
            r"pool\.spot_weight = 0; allowed is at least 1 while pool\.on_demand_weight = 0",
        ),
        (
            {"processor.job_timeout_seconds": 8999},
            r"pool\.job_timeout_seconds = 9000; .* at most processor\.job_timeout_seconds = 8999",
        ),
        ({"region": "us-east-1"}, r"region = 'us-east-1'; allowed is given together with account"),
    ],
)
def test_should_refuse_values_that_are_wrong_together(
    changes: dict[str, Any], expected: str
) -> None:
    content = document()
    for key, value in changes.items():
        section, _, last = key.rpartition(".")
        (content[section] if section else content)[last] = value

    (line,) = problems(content)

    assert re.search(expected, line)
    assert re.search(rf"; change \S+ in {re.escape(WHERE)}$", line)


def test_should_refuse_a_pool_that_is_not_described() -> None:
    content = changed("launch", "pool")
    del content["pool"]

    (line,) = problems(content)

    assert line == (
        f"{WHERE}: launch = 'pool'; allowed is on_demand while there is no table [pool]"
        f" (add one for a pool); change launch in {WHERE}"
    )


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


@pytest.mark.parametrize("name", ["Dev", "d", "1dev", "dev_eu", "dev-", "much-too-long"])
def test_should_refuse_a_name_that_no_bucket_could_have(name: str) -> None:
    (line,) = problems(document(), name)

    assert line.startswith(f"{WHERE}: name = {name!r}; allowed is 2 to 12 lower-case letters")
    assert line.endswith("; rename the file")


@pytest.mark.parametrize("key", ["regoin", "network.zone", "processor.memory"])
def test_should_refuse_a_setting_that_does_not_exist(key: str) -> None:
    (line,) = problems(changed(key, 1))

    assert line.startswith(f"{WHERE}: {key} is not a setting; allowed here: ")
    assert line.endswith("; correct or remove it")


def test_should_refuse_a_table_that_does_not_exist() -> None:
    (line,) = problems({**document(), "netwrok": {"zones": 2}})

    assert line.startswith(f"{WHERE}: netwrok is not a setting")


def test_should_refuse_a_second_name() -> None:
    (line,) = problems({**document(), "name": "other"})

    assert line == f"{WHERE}: name is not a setting; the file's name is; remove it"


@pytest.mark.parametrize("key", ["retain_data", "network.cidr", "processor.image_tag"])
def test_should_refuse_a_missing_setting(key: str) -> None:
    content = document()
    section, _, last = key.rpartition(".")
    del (content[section] if section else content)[last]

    (line,) = problems(content)

    assert line.startswith(f"{WHERE}: {key} is missing; allowed is ")
    assert line.endswith("; add it")


@pytest.mark.parametrize("instead", [None, 3])
def test_should_refuse_a_missing_table(instead: int | None) -> None:
    content = document()
    del content["queue"]
    if instead is not None:
        content["queue"] = instead

    (line,) = problems(content)

    assert line == f"{WHERE}: the table [queue] is missing; add it"


def test_should_tell_all_problems_at_once() -> None:
    content = document()
    content["typo"] = 1
    content["network"]["nat_gateways"] = 3
    content["queue"]["max_receive_count"] = 1
    content["processor"]["memory_mib"] = 1

    found = problems(content, "Any")

    assert [line.removeprefix(f"{WHERE}: ").split(" ")[0] for line in found] == [
        "typo",
        "name",
        "queue.max_receive_count",
        "processor.memory_mib",
        "network.nat_gateways",
    ]


def test_should_refuse_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"qa\.toml: there is no such file"):
        load_environment(tmp_path / "qa.toml")


def test_should_refuse_a_file_that_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "qa.toml"
    path.write_text("zones: 2")

    with pytest.raises(ConfigError, match=r"qa\.toml: not a TOML file: .*line 1"):
        load_environment(path)
