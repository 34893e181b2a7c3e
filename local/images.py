"""Container images of the local cloud: which folder and interpreter stand in for a built image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a container of this image finds: an interpreter, code and the image's own `ENV`.

    `repository_prefix` is matched against the repository's name in an image URI; `python` is what
    `python` means inside; `code` is the folder that stands for the image's `PYTHONPATH`;
    `environment` is the Dockerfile's `ENV`; `command` its `CMD`.
    """

    repository_prefix: str
    python: Path
    code: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()


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
        return json.dumps(
            [
                {
                    "repository_prefix": image.repository_prefix,
                    "python": str(image.python),
                    "code": str(image.code),
                    "environment": dict(image.environment),
                    "command": list(image.command),
                }
                for image in self.images
            ]
        )

    @staticmethod
    def from_json(text: str) -> "Images":
        """Return the images that `to_json` wrote."""
        return Images(
            tuple(
                Image(
                    repository_prefix=entry["repository_prefix"],
                    python=Path(entry["python"]),
                    code=Path(entry["code"]),
                    environment=entry["environment"],
                    command=tuple(entry["command"]),
                )
                for entry in json.loads(text)
            )
        )


def repository_name(uri: str) -> str:
    """Return the repository of an image URI: without registry, tag and digest."""
    name = uri.split("@", maxsplit=1)[0]
    registry, slash, rest = name.partition("/")
    if slash and ("." in registry or ":" in registry):
        name = rest
    return name.split(":")[0]
