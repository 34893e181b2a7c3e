from pathlib import Path

import pytest

from local import deploy_local, toolchain


def test_should_accept_each_environment_there_is_a_file_of() -> None:
    for name in ("dev", "staging", "prod"):
        assert deploy_local.unknown(name, deploy_local.ENVIRONMENTS) is None


def test_should_name_the_environments_when_asked_for_another(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").touch()

    complaint = deploy_local.unknown("three", tmp_path)

    assert complaint == "There is no environment 'three'; give ENV= one of: one, two."


def test_should_refuse_an_unknown_environment_before_anything_is_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert deploy_local.main("nowhere") == deploy_local.UNKNOWN_ENVIRONMENT
    assert "nowhere" in capsys.readouterr().out


def test_should_show_paths_as_they_are_typed_here(tmp_path: Path) -> None:
    assert deploy_local.shown(toolchain.ROOT / "environments" / "dev.toml") == (
        "environments/dev.toml"
    )
    assert deploy_local.shown(tmp_path) == str(tmp_path)
