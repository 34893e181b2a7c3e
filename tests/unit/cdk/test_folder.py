"""Environments that could not be there together are refused, and others left alone."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from cdk.config import ConfigError, load_environments
from cdk.config.folder import EnvironmentSummary, conflicts
from cdk.naming import Names

ROOT = Path(__file__).resolve().parents[3]
TOKENS = ("${Token[AWS.AccountId.", "${Token[AWS.Region.")


def summary(name: str, **known: Any) -> EnvironmentSummary:
    return EnvironmentSummary(where=f"environments/{name}.toml", name=name, **known)


def folder_with(path: Path, **files: str) -> Path:
    folder = path / "environments"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.toml").write_text(text)
    return folder


def text(cidr: str = "10.20.0.0/16", **settings: str) -> str:
    dev = (ROOT / "environments" / "dev.toml").read_text()
    pins = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
    return pins + dev.replace("10.20.0.0/16", cidr)


@pytest.mark.parametrize("other", ["10.20.0.0/16", "10.20.128.0/17", "10.20.255.0/24"])
def test_should_refuse_networks_that_overlap(tmp_path: Path, other: str) -> None:
    folder = folder_with(tmp_path, dev=text(), qa=text(other))

    with pytest.raises(ConfigError) as refusal:
        load_environments(folder, None)

    (line,) = refusal.value.problems
    assert line == (
        f"environments/qa.toml: network.cidr = '{other}'; allowed is addresses that no other"
        " environment has: environments/dev.toml has 10.20.0.0/16 (networks that overlap can never"
        " be connected); change network.cidr in environments/qa.toml"
    )


def test_should_refuse_networks_that_overlap_in_whatever_account(tmp_path: Path) -> None:
    here = text(account="111111111111", region="us-east-1")
    there = text(account="222222222222", region="eu-west-1")

    with pytest.raises(ConfigError, match="can never be connected"):
        load_environments(folder_with(tmp_path, dev=here, qa=there), None)


def test_should_let_environments_share_a_network_that_is_there() -> None:
    shared = {"cidr": "10.20.0.0/16", "vpc_id": "vpc-0a1b2c3d"}

    assert not list(conflicts([summary("dev", **shared), summary("qa", **shared)], []))


def test_should_look_at_the_one_chosen_beside_all_others(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, dev=text(), qa=text(), ok=text("10.30.0.0/16"))

    assert [environment.name for environment in load_environments(folder, "ok")] == ["ok"]
    with pytest.raises(ConfigError, match=r"environments/dev.toml: network.cidr"):
        load_environments(folder, "dev")


@pytest.mark.parametrize("broken", ["zones: 2", "[network]\ncidr = 7", "network = 7", ""])
def test_should_not_be_kept_from_one_by_mistakes_in_another(tmp_path: Path, broken: str) -> None:
    folder = folder_with(tmp_path, dev=text(), qa=broken)

    assert [environment.name for environment in load_environments(folder, "dev")] == ["dev"]
    with pytest.raises(ConfigError, match="qa"):
        load_environments(folder, None)


def test_should_take_several_regions_of_an_environment(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        qa=text(account="123456789012", region="us-east-1"),
        qa_eu=text("10.50.0.0/16", account="123456789012", region="eu-west-1"),
    )

    found = load_environments(folder, None)

    assert [(e.name, e.region) for e in found] == [("qa", "us-east-1"), ("qa-eu", "eu-west-1")]


@pytest.mark.parametrize(("first", "second"), [("dev", "dev-eu"), ("dev", "dlq-dev")])
def test_should_refuse_names_that_are_mistaken_for_each_other(first: str, second: str) -> None:
    for one, other in permutations((summary(first), summary(second))):
        (line,) = conflicts([one], [other])
        assert line.startswith(f"{one.where}: name = {one.name!r}; allowed is a name that is not ")
        assert line.endswith("; rename the file")


@pytest.mark.parametrize(
    "distinct",
    [{"account": ("111111111111", "222222222222")}, {"region": ("us-east-1", "eu-west-1")}],
)
def test_should_allow_such_names_in_different_places(distinct: dict[str, tuple[str, str]]) -> None:
    first, second = (
        summary(name, **{key: values[n] for key, values in distinct.items()})
        for n, name in enumerate(("dev", "dev-eu"))
    )

    assert not list(conflicts([first, second], []))


NAMES = ("dev", "dev-eu", "dlq-dev", "work-dlq-dev", "jobs", "eu", "a1", "twelve-chars", "reaper")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
GLOBAL = {"media_bucket", "access_log_bucket", "dashboard"}
"""What has one name for all regions of an account, or of the world."""

PLACES = [(name, region) for name in NAMES for region in REGIONS]


def physical_names(environment: str, region: str) -> dict[str, str]:
    found = {
        k: v for k, v in vars(Names(environment)).items() if k not in {"environment", "prefix"}
    }
    return {key: filled(value, region) for key, value in found.items()}


def filled(name: str, region: str) -> str:
    """Return a name with account and region in the place of CDK's tokens."""
    parts = []
    for number, part in enumerate(name.split("${Token[")):
        token, _, rest = part.partition("]}") if number else ("", "", part)
        parts.append({"": "", "AWS.A": "123456789012", "AWS.R": region}[token[:5]] + rest)
    return "".join(parts)


def test_should_never_give_one_name_to_two_things_of_an_account() -> None:
    for (one, region), (other, elsewhere) in permutations(PLACES, 2):
        ours, theirs = physical_names(one, region), physical_names(other, elsewhere)
        together = [summary(one, region=region), summary(other, region=elsewhere)]
        if region == elsewhere and not list(conflicts(together, [])):
            assert not set(ours.values()) & set(theirs.values()), (one, other)
        assert not {ours[key] for key in GLOBAL} & {theirs[key] for key in GLOBAL}, (one, other)


def test_should_know_of_a_collision_that_the_rule_prevents() -> None:
    region = REGIONS[0]
    mistaken = {*physical_names("dlq-dev", region).values()}

    assert mistaken & {*physical_names("dev", region).values()}


@pytest.mark.parametrize("region", [*REGIONS, "us-isob-east-1", "ap-northeast-3"])
def test_should_keep_every_name_within_what_aws_allows(region: str) -> None:
    allowed = {"media_bucket": 63, "access_log_bucket": 63, "backup_vault": 50, "key_alias": 256}
    for key, name in physical_names("twelve-chars", region).items():
        assert len(name) <= allowed.get(key, 64), (key, name)
