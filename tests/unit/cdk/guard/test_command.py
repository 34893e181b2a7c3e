"""The command: what it compares, what it says, and its exit status."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.guard.__main__ import main
from cdk.guard.baseline import read_deployed

TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "jobs"}}
RENAMED = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "others"}}
DECISION = """
[[change]]
environment = "dev"
stack = "lifestream-dev-storage"
resource = "Table"
kind = "replacement"
reason = "any reason that is long enough"
"""


class Deployed:
    """Templates as CloudFormation would tell them."""

    def __init__(self, templates: Mapping[str, Any]) -> None:
        self._templates = templates

    def stack_names(self) -> list[str]:
        return list(self._templates)

    def template(self, stack: str) -> Any:
        return self._templates[stack]


def assembly(folder: Path, **environments: Mapping[str, Any]) -> Path:
    """Write a cloud assembly whose environments have one stack, storage, of these resources."""
    outer = {}
    for name, resources in environments.items():
        nested = folder / f"assembly-{name}"
        nested.mkdir(parents=True, exist_ok=True)
        (nested / "storage.json").write_text(json.dumps({"Resources": resources}))
        stack = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "stackName": f"lifestream-{name}-storage",
                "templateFile": "storage.json",
            },
        }
        (nested / "manifest.json").write_text(json.dumps({"artifacts": {"storage": stack}}))
        outer[name] = {
            "type": "cdk:cloud-assembly",
            "properties": {
                "directoryName": nested.name,
                "displayName": f"Lifestream-{name}",
            },
        }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": outer}))
    return folder


def guard(folder: Path, command: str, *more: str, **deployed: Any) -> int:
    places = ["--assembly", str(folder / "cdk.out"), "--baseline", str(folder / "baseline")]
    if command == "check":
        places += ["--decisions", str(folder / "acknowledged.toml")]
        places += ["--environments", str(folder)]
    return main([command, *places, *more], connect=lambda _region: Deployed(deployed["stacks"]))


def test_should_accept_a_state_and_find_it_unchanged(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE, "Role": {"Type": "AWS::IAM::Role"}})

    assert guard(tmp_path, "accept") == 0
    assert guard(tmp_path, "check") == 0
    accepted = json.loads((tmp_path / "baseline" / "dev.json").read_text())
    assert accepted == {"lifestream-dev-storage": {"Table": TABLE}}


def test_should_refuse_a_replacement_and_say_how_to_decide_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    guard(tmp_path, "accept")
    assembly(tmp_path / "cdk.out", dev={"Table": RENAMED})

    status = guard(tmp_path, "check")

    said = capsys.readouterr().out
    assert status == 1
    assert "REFUSED  dev: lifestream-dev-storage: Table: replacement: TableName" in said
    assert DECISION.strip().replace("any reason that is long enough", "...") in said


def test_should_pass_a_replacement_that_somebody_decided_on(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    guard(tmp_path, "accept")
    assembly(tmp_path / "cdk.out", dev={"Table": RENAMED})
    (tmp_path / "acknowledged.toml").write_text(DECISION)

    assert guard(tmp_path, "check") == 0


def test_should_refuse_a_decision_about_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    guard(tmp_path, "accept")
    (tmp_path / "acknowledged.toml").write_text(DECISION)

    assert guard(tmp_path, "check") == 1
    assert "STALE  dev: lifestream-dev-storage: Table: replacement" in capsys.readouterr().out


def test_should_refuse_a_decision_about_an_environment_that_there_is_not(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    guard(tmp_path, "accept")
    (tmp_path / "acknowledged.toml").write_text(DECISION.replace('"dev"', '"qa"'))

    assert guard(tmp_path, "check") == 1


def test_should_refuse_to_lose_a_whole_environment(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE}, prod={"Table": TABLE})
    guard(tmp_path, "accept")
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})

    assert guard(tmp_path, "check") == 1
    assert guard(tmp_path, "check", "--environment", "dev") == 0


def test_should_forget_an_environment_that_was_given_up(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE}, prod={"Table": TABLE})
    guard(tmp_path, "accept")
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})

    assert guard(tmp_path, "accept") == 0
    assert [path.name for path in (tmp_path / "baseline").iterdir()] == ["dev.json"]


def test_should_compare_with_what_is_deployed(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": RENAMED})
    there = {"lifestream-dev-storage": {"Resources": {"Table": TABLE}}}

    assert guard(tmp_path, "check", "--deployed", stacks=there) == 1
    assert guard(tmp_path, "check", "--deployed", stacks={}) == 0


def test_should_let_a_decision_stay_that_has_arrived_where_it_is_deployed(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": RENAMED})
    (tmp_path / "acknowledged.toml").write_text(DECISION)
    there = {"lifestream-dev-storage": {"Resources": {"Table": RENAMED}}}

    assert guard(tmp_path, "check", "--deployed", stacks=there) == 0


def test_should_name_the_environments_when_asked_for_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    guard(tmp_path, "accept")

    assert guard(tmp_path, "check", "--environment", "qa") == 2
    assert "no environment qa; there are: dev" in capsys.readouterr().err


def test_should_ask_for_synthesis_where_there_is_no_assembly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guard(tmp_path, "check") == 2
    assert "make synth" in capsys.readouterr().err


def test_should_not_pass_for_want_of_a_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})

    assert guard(tmp_path, "check") == 2
    assert "has no accepted state: `make baseline`" in capsys.readouterr().err


def test_should_see_a_deployed_stack_that_the_app_no_longer_has(tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", dev={"Table": TABLE})
    there = {"lifestream-dev-old": {"Resources": {"Table": TABLE}}}

    assert guard(tmp_path, "check", "--deployed", stacks=there) == 1


def test_should_not_take_another_environments_stacks_for_its_own() -> None:
    templates = Deployed(
        {
            "lifestream-dev-storage": {"Resources": {"Table": TABLE}},
            "lifestream-dev-2-storage": {"Resources": {"Table": TABLE}},
            "CDKToolkit": {"Resources": {"Table": TABLE}},
        }
    )

    found = read_deployed(templates, "dev", ["dev", "dev-2"])

    assert list(found) == ["lifestream-dev-storage"]
