"""Finds the container tool of this machine, and its commands to build, run and push."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from image import sandbox

DOCKER = "docker"
PODMAN = "podman"
BUILDAH = "buildah"
ANSWER_SECONDS = 120.0
"""Podman answers only once a build that is storing a layer lets go of its lock."""

KEPT = "168h"
DOCKER_ANSWERS = (("info",), ("buildx", "version"))


class NoEngineError(RuntimeError):
    """No container tool can be used here; the message says what was looked for and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A container tool: the words its commands begin with and the environment they run in.

    `run` is None if the tool builds and pushes but cannot run. `mounts` is true if a build can
    mount folders of this machine (`-v`), which Docker's cannot.
    """

    name: str
    build: tuple[str, ...]
    manage: tuple[str, ...]
    run: tuple[str, ...] | None
    mounts: bool
    environment: Mapping[str, str] = field(default_factory=dict)

    def process_environment(self) -> dict[str, str]:
        """Return this process's environment with the tool's own settings on top."""
        return {**os.environ, **self.environment}


Answers = Callable[[Sequence[str], Mapping[str, str]], bool]
"""Whether a command ends well, run with an environment on top of this process's."""


def find_engine(
    *,
    which: Callable[[str], str | None] = shutil.which,
    answers: Answers | None = None,
    is_root: bool | None = None,
    sandbox_folder: Path | None = None,
) -> Engine:
    """Return the first usable tool: Docker with buildx, Podman, Buildah; raise `NoEngineError`.

    A superuser's Podman and Buildah are given storage and settings of their own, so that they work
    inside containers and leave the machine's images alone.
    """
    answers = answers or _answers
    is_root = os.geteuid() == 0 if is_root is None else is_root
    if which(DOCKER) and all(answers((DOCKER, *words), {}) for words in DOCKER_ANSWERS):
        return Engine(
            name=DOCKER,
            build=(DOCKER, "buildx", "build", "--load"),
            manage=(DOCKER,),
            run=(DOCKER,),
            mounts=False,
        )
    is_private = is_root and any(which(name) for name in (PODMAN, BUILDAH))
    settings = sandbox.environment(sandbox_folder) if is_private else {}
    for name, build, run in (
        (PODMAN, ("build", "--format", "docker"), (PODMAN,)),
        (BUILDAH, ("bud", "--format", "docker", "--layers"), None),
    ):
        if which(name) and answers((name, "info"), settings):
            return Engine(
                name=name,
                build=(name, *build),
                manage=(name,),
                run=run,
                mounts=True,
                environment=settings,
            )
    raise NoEngineError(
        "No container tool works here: Docker with buildx (is its daemon running?), Podman and "
        "Buildah were looked for. Install one of them; on Debian, as root: apt-get install podman."
    )


def forget_old(engine: Engine) -> None:
    """Remove images and build steps older than a week from the private storage of Podman."""
    if engine.name == PODMAN and engine.environment:
        subprocess.run(
            [*engine.manage, "image", "prune", "--all", "--force", "--filter", f"until={KEPT}"],
            check=False,
            env=engine.process_environment(),
            capture_output=True,
        )


def _answers(command: Sequence[str], settings: Mapping[str, str]) -> bool:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **settings},
            capture_output=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
