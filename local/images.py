"""Container images of the local cloud: which folder and interpreter stand in for a built image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How a task runs as a real container, by Podman's or Docker's command line.

    `tool` begins each of its commands, `run` is the `run` command with all options that do not
    depend on the task, `image` is a built image's local name, and `environment` is the tool's own.
    """

    tool: tuple[str, ...]
    run: tuple[str, ...]
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a container of this image finds: an interpreter, code and the image's own `ENV`.

    `repository_prefix` is matched against the repository's name in an image URI; `python` is what
    `python` means inside; `code` is the folder that stands for the image's `PYTHONPATH`;
    `environment` is the Dockerfile's `ENV`; `entry_point` and `command` are its `ENTRYPOINT` and
    `CMD`. `own_ports` are variables that set
    a port of the container's own loopback: processes share this machine's, so each gets a free one.
    With `container`, tasks run in the built image instead, which has all but the last itself.
    """

    repository_prefix: str
    python: Path
    code: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    own_ports: tuple[str, ...] = ()
    container: Container | None = None

    def whole_command(self, entry_point: Sequence[str], command: Sequence[str]) -> list[str]:
        """Return what is run where a task definition names these, either of which may be empty.

        By Docker's rules: an entry point that is given takes the place of the image's `CMD` too.
        """
        if entry_point:
            return [*entry_point, *command]
        return [*self.entry_point, *(command or self.command)]


@dataclass(frozen=True, slots=True)
class Images:
    """All images that the local cloud can run."""

    images: tuple[Image, ...] = ()

    def find(self, uri: str) -> Image | None:
        """Return the image with the longest matching repository prefix, or None."""
        repository = repository_name(uri)
        matching = [i for i in self.images if repository.startswith(i.repository_prefix)]
        return max(matching, key=lambda image: len(image.repository_prefix), default=None)

    def to_json(self) -> str:
        """Return the images as text for another process."""
        return _IMAGES.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> "Images":
        """Return the images that `to_json` wrote; raise `ValueError` for anything else."""
        return _IMAGES.validate_json(text)


_IMAGES = TypeAdapter(Images)


def repository_name(uri: str) -> str:
    """Return the repository of an image URI: without registry, tag and digest."""
    name = uri.split("@", maxsplit=1)[0]
    registry, slash, rest = name.partition("/")
    if slash and ("." in registry or ":" in registry):
        name = rest
    return name.split(":")[0]
