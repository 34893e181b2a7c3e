"""A file of the wrong name or shape is refused, however right its values are."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cdk.config import ConfigError, load_environment, parse_environment
from cdk.config.settings import Settings, Violations, rule
from tests.unit.cdk.bad_settings import EXISTING, TOGETHER
from tests.unit.cdk.documents import WHERE, changed, changed_all, document, problems


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
        "network.nat_gateways",
        "queue.max_receive_count",
        "processor.memory_mib",
        "typo",
        "name",
    ]


@pytest.mark.parametrize(("changes", "expected"), TOGETHER)
def test_should_report_a_broken_rule_beside_mistakes_of_other_settings(
    changes: dict[str, Any], expected: str
) -> None:
    content = changed_all({**changes, "queue.max_receive_count": 1, "budget.monthly_usd": None})

    found = problems(content)

    assert len(found) == 3
    assert [line for line in found if re.search(expected, line)]


def test_should_report_a_broken_rule_beside_a_mistake_in_its_table() -> None:
    content = changed_all({"processor.memory_mib": 4096, "processor.log_level": "loud"})

    first, second = problems(content)

    assert "processor.log_level = 'loud'" in first
    assert "processor.memory_mib = 4096; allowed is with processor.cpu = 4096" in second


def test_should_report_every_rule_that_a_setting_breaks() -> None:
    content = changed_all({**EXISTING, "network.nat_gateways": 1, "region": "eu-west-1"})

    nothing_made, other_region = problems(content)

    assert "nothing is made in an existing VPC" in nothing_made
    assert "in the environment's region = 'eu-west-1'" in other_region


def test_should_leave_out_a_rule_whose_setting_is_wrong_by_itself() -> None:
    content = changed_all({"processor.memory_mib": 4096, "processor.cpu": 3000})

    (line,) = problems(content)

    assert "processor.cpu = 3000" in line


def test_should_not_change_once_it_is_validated() -> None:
    environment = parse_environment("any", document(), where=WHERE)

    with pytest.raises(ValidationError, match="frozen"):
        environment.queue.max_receive_count = 1


def test_should_not_hide_a_mistake_in_a_rule() -> None:
    class Wrong(Settings):
        size: int

        @rule("size")
        def _reads_what_does_not_exist(self) -> Violations:
            yield str(self.length)  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="length"):
        Wrong.model_validate({"size": 1})


def test_should_refuse_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"qa\.toml: there is no such file"):
        load_environment(tmp_path / "qa.toml")


def test_should_refuse_a_file_that_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "qa.toml"
    path.write_text("zones: 2")

    with pytest.raises(ConfigError, match=r"qa\.toml: not a TOML file: .*line 1"):
        load_environment(path)
