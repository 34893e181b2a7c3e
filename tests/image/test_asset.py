"""`image_tag = "asset"`: the CDK command line has Podman build what `make image` builds.

Its command and its folder of sources are those of `make image`; of the image itself, the stage with
the code is built. The whole would copy 1.5 GB of packages, by the same steps, from the same files.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.build import build, fitted_to_this_machine, registry_mounts
from image.content import DOCKERFILE, Variant, content_tag
from image.engines import Engine
from local import deploy, toolchain
from tests.image.helpers import output_of
from tests.infra.conftest import ROOT, synthesize

pytestmark = [pytest.mark.image, pytest.mark.timeout(900, func_only=True)]

TOOL = """#!{python}
import json, os, shutil, subprocess, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "build":
    shutil.copytree(".", {context!r})
if sys.argv[1] in ("login", "push"):
    sys.exit(0)  # there is no such registry; pushes are tested with one of the tests' own
more = {more!r} if sys.argv[1] == "build" else []
command = [*{tool!r}, sys.argv[1], *more, *sys.argv[2:]]
sys.exit(subprocess.run(command, env={{**os.environ, **{environment!r}}}).returncode)
"""
"""What the CDK command line calls instead of Docker: Podman, with where this machine's registries
and its base are."""

FROM_THE_MACHINE = ("BASE_IMAGE", "TORCH_INDEX")
BUILT = "code"
"""The stage that has the sources."""


@dataclass(frozen=True, slots=True)
class Published:
    """The commands that CDK gave its container tool, and the folder that it had built."""

    commands: list[list[str]]
    context: Path

    def only(self, name: str) -> list[str]:
        """Return the one command of this name."""
        (found,) = (command for command in self.commands if command[0] == name)
        return found

    @property
    def image(self) -> str:
        """The local name of what was built."""
        build = self.only("build")
        return build[build.index("--tag") + 1]


@pytest.fixture(scope="module")
def published(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("asset")
    dev = (ROOT / "environments" / "dev.toml").read_text()
    assembly = synthesize(dev.replace('image_tag = "0.1.0"', 'image_tag = "asset"')).assets
    log, context = folder / "commands", folder / "context"
    with tempfile.TemporaryDirectory() as settings:
        tool = container_tool(engine, folder / "tool", log, context, Path(settings))
        with toolchain.start_cloud(state_dir=folder / "cloud") as cloud:
            deploy.deploy(cloud, environment="dev", assembly=assembly, container_tool=tool)
    found = Published([json.loads(line) for line in log.read_text().splitlines()], context)
    yield found
    output_of(engine, "rmi", found.image)


def container_tool(engine: Engine, path: Path, log: Path, context: Path, settings: Path) -> Path:
    """Write the program that is called instead of Docker and return its path."""
    arguments = fitted_to_this_machine(engine, Variant(models="packages")).build_arguments()
    more = ["--format", "docker", "--pull=never", "--target", BUILT]
    for name in FROM_THE_MACHINE:
        more += ["--build-arg", f"{name}={arguments[name]}"] if name in arguments else []
    for here, there in registry_mounts(settings):
        more += ["--volume", f"{here}:{there}:ro"]
    path.write_text(
        TOOL.format(
            python=sys.executable,
            log=str(log),
            context=str(context),
            more=more,
            tool=engine.manage,
            environment=dict(engine.environment),
        )
    )
    path.chmod(0o755)
    return path


def test_should_build_with_the_arguments_of_make_image(published: Published) -> None:
    build = published.only("build")
    given = dict(
        build[at + 1].split("=", 1) for at, word in enumerate(build) if word == "--build-arg"
    )
    ours = Variant(models="packages").build_arguments()
    # What is not said has the Dockerfile's own value, which is the same.
    assert given == {name: ours[name] for name in given}
    assert {"MODELS", "ACCELERATOR"} <= set(given)
    assert f"ARG ASR_MODELS={ours['ASR_MODELS']}" in (ROOT / DOCKERFILE).read_text()
    assert build[build.index("--file") + 1] == DOCKERFILE
    assert build[build.index("--platform") + 1] == "linux/amd64"
    assert "--target" not in build
    assert build[-1] == "."


def test_should_build_from_the_same_files(engine: Engine, published: Published) -> None:
    variant = fitted_to_this_machine(engine, Variant(models="packages"))
    assert content_tag(variant, root=published.context) == content_tag(variant)
    ignored = ".dockerignore"
    assert (published.context / ignored).read_bytes() == (ROOT / ignored).read_bytes()


def test_should_build_the_same_layers_and_settings(engine: Engine, published: Published) -> None:
    ours, theirs = (
        json.loads(output_of(engine, "image", "inspect", name))[0]
        for name in (build(engine, Variant(models="packages"), target=BUILT), published.image)
    )
    assert theirs["RootFS"]["Layers"] == ours["RootFS"]["Layers"]
    for settings in (ours, theirs):
        settings["Config"].pop("Labels")
    assert theirs["Config"] == ours["Config"]


def test_should_push_it_to_the_repository_of_assets(published: Published) -> None:
    pushed = published.only("push")[-1]
    assert published.only("login")[-1].split("://")[-1] == pushed.partition("/")[0]
    assert "container-assets" in pushed
    assert published.only("tag")[1:] == [published.image, pushed]
