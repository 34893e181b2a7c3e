import stat
from pathlib import Path

import pytest

from image.build import BuildError, build, build_command
from image.content import Variant
from image.engines import Engine

PODMAN = Engine(
    name="podman", build=("podman", "build"), manage=("podman",), run=("podman",), mounts=True
)
DOCKER = Engine(
    name="docker",
    build=("docker", "buildx", "build", "--load"),
    manage=("docker",),
    run=("docker",),
    mounts=False,
)


def command(engine: Engine = PODMAN, variant: Variant | None = None, **more: object) -> list[str]:
    given = {"name": "any:tag", "target": "", "context": Path("any"), "mounts": ()}
    return build_command(
        engine,
        variant or Variant(),
        **{**given, "has_token": False, **more},  # type: ignore[arg-type]
    )


def test_should_hand_the_token_over_as_a_secret_by_its_name() -> None:
    assert "--secret id=HF_TOKEN,env=HF_TOKEN" in " ".join(command(has_token=True))


def test_should_ask_for_no_secret_that_is_not_there() -> None:
    assert "--secret" not in command()


def test_should_mount_what_reaches_package_registries_read_only() -> None:
    words = command(mounts=[(Path("here"), Path("/there"))])
    assert words[words.index("--volume") + 1] == "here:/there:ro"


def test_should_build_for_the_asked_platform() -> None:
    words = command(DOCKER, Variant(platform="linux/arm64"))
    assert words[:4] == ["docker", "buildx", "build", "--load"]
    assert words[words.index("--platform") + 1] == "linux/arm64"


def test_should_never_look_for_a_stand_in_base_in_a_registry() -> None:
    assert "--pull=never" in command(variant=Variant(base="localhost/base:any"))


def test_should_label_the_image_with_its_tag() -> None:
    assert "org.opencontainers.image.version=tag" in command()


@pytest.fixture
def tool(tmp_path: Path) -> Engine:
    """A Podman that has every image and builds none."""
    program = tmp_path / "podman"
    program.write_text('#!/bin/sh\n[ "$1 $2" = "image exists" ]\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = (str(program),)
    return Engine(name="podman", build=(*words, "build"), manage=words, run=words, mounts=False)


def test_should_not_build_again_what_is_there(
    tool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REVISION", raising=False)
    assert build(tool, Variant()).startswith("localhost/lifestream-processor:cpu-")


def test_should_build_a_part_of_the_image_or_one_with_a_revision(
    tool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BuildError):
        build(tool, Variant(), target="code")
    monkeypatch.setenv("REVISION", "any")
    with pytest.raises(BuildError):
        build(tool, Variant())
