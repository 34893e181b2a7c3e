import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from image.engines import Engine, NoEngineError, find_engine, forget_old


def on_the_path(*names: str) -> Callable[[str], str | None]:
    return lambda name: f"/somewhere/{name}" if name in names else None


def working(*names: str) -> Callable[[Sequence[str], Mapping[str, str]], bool]:
    return lambda command, _settings: command[0] in names


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_should_use_the_tool_that_works(tool: str, tmp_path: Path) -> None:
    engine = find_engine(
        which=on_the_path("docker", "podman", "buildah"),
        answers=working(tool),
        is_root=False,
        sandbox_folder=tmp_path,
    )
    assert engine.name == tool
    assert engine.build[0] == tool


def test_should_prefer_docker_then_podman(tmp_path: Path) -> None:
    everything = ("docker", "podman", "buildah")
    found = find_engine(
        which=on_the_path(*everything),
        answers=working(*everything),
        is_root=True,
        sandbox_folder=tmp_path,
    )
    assert found.name == "docker"
    assert found.environment == {}


def test_should_not_take_a_docker_whose_daemon_is_down_or_that_lacks_buildx(
    tmp_path: Path,
) -> None:
    def answers(command: Sequence[str], _settings: Mapping[str, str]) -> bool:
        return "buildx" not in command

    found = find_engine(
        which=on_the_path("docker", "podman"),
        answers=answers,
        is_root=False,
        sandbox_folder=tmp_path,
    )
    assert found.name == "podman"


def test_should_say_what_to_install_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoEngineError, match="apt-get install podman"):
        find_engine(which=on_the_path(), answers=working(), is_root=True, sandbox_folder=tmp_path)


def test_should_give_a_superuser_settings_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "driver").write_text("vfs")
    found = find_engine(
        which=on_the_path("podman"),
        answers=working("podman"),
        is_root=True,
        sandbox_folder=tmp_path,
    )
    storage = Path(found.environment["CONTAINERS_STORAGE_CONF"]).read_text()
    assert 'driver = "vfs"' in storage
    assert f'graphroot = "{tmp_path}/graph"' in storage


def test_should_leave_a_users_own_podman_as_it_is(tmp_path: Path) -> None:
    found = find_engine(
        which=on_the_path("podman"),
        answers=working("podman"),
        is_root=False,
        sandbox_folder=tmp_path,
    )
    assert found.environment == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "environment", "forgets"),
    [("podman", {"CONTAINERS_CONF": "ours"}, True), ("podman", {}, False), ("docker", {}, False)],
)
def test_should_forget_old_images_of_a_storage_of_its_own(
    name: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, forgets: bool
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    engine = Engine(
        name=name, build=(), manage=(name,), run=None, mounts=False, environment=environment
    )
    forget_old(engine)
    assert bool(commands) == forgets
    assert all(command[-2:] == ["--filter", "until=168h"] for command in commands)
