"""A file of the wrong name or shape is refused, however right its values are."""

from pathlib import Path

import pytest

from cdk.config import ConfigError, load_environment
from tests.unit.cdk.documents import WHERE, changed, document, problems


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
