import stat
from pathlib import Path

import pytest

from image.build import (
    BuildError,
    argument_options,
    build,
    build_options,
    build_packages,
    run_build,
)
from image.content import Variant
from image.engines import Engine

PODMAN = Engine(
    name="podman", build=("podman", "build"), manage=("podman",), run=("podman",), mounts=True
)


@pytest.mark.parametrize("token", ["", "any"])
def test_should_hand_the_token_over_as_a_secret_by_its_name_if_there_is_one(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    options = " ".join(build_options(Variant(), "any:tag"))
    assert ("--secret id=HF_TOKEN,env=HF_TOKEN" in options) == bool(token)


def test_should_mount_what_reaches_package_registries_read_only() -> None:
    words = argument_options(PODMAN, {}, [(Path("here"), Path("/there"))])
    assert words == ["--volume", "here:/there:ro"]


def test_should_build_for_the_asked_platform() -> None:
    words = build_options(Variant(platform="linux/arm64"), "any:tag")
    assert words[words.index("--platform") + 1] == "linux/arm64"


def test_should_never_look_for_a_stand_in_base_in_a_registry() -> None:
    stand_in = Variant(base="localhost/base:any").build_arguments()
    assert "--pull=never" in argument_options(PODMAN, stand_in, ())
    assert "--pull=never" not in argument_options(PODMAN, Variant().build_arguments(), ())


def test_should_label_the_image_with_its_tag() -> None:
    assert "org.opencontainers.image.version=tag" in build_options(Variant(), "any:tag")


def test_should_build_the_context_with_this_machines_registries(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = tmp_path / "podman"
    program.write_text(f'#!/bin/sh\necho "$@" > {said}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = (str(program),)
    tool = Engine(name="podman", build=(*words, "build"), manage=words, run=words, mounts=True)
    run_build(tool, "any:tag", tmp_path, "Dockerfile.any", {"ANY": "value"}, ("--target", "code"))
    start = f"build --file {tmp_path}/Dockerfile.any --tag any:tag --target code "
    assert said.read_text().startswith(start + "--build-arg ANY=value --volume ")
    assert said.read_text().endswith(f" {tmp_path}\n")


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


def test_should_begin_with_the_packages_only_where_there_is_no_image(tool: Engine) -> None:
    build_packages(tool, Variant())
    Path(tool.manage[0]).write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(BuildError):
        build_packages(tool, Variant())


def test_should_build_a_part_of_the_image_or_one_with_a_revision(
    tool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BuildError):
        build(tool, Variant(), target="code")
    monkeypatch.setenv("REVISION", "any")
    with pytest.raises(BuildError):
        build(tool, Variant())
