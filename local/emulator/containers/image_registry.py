"""Gap (1.5.33, local): RunTask needs a Docker daemon; the images it would have."""

from dataclasses import dataclass
from typing import Any

from local.images import Images


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image as Docker describes it."""

    id: str

    def tag(self, *_: Any, **__: Any) -> bool:
        """Accept any tag: an image is found by its repository alone."""
        return True


@dataclass(frozen=True, slots=True)
class ImageRegistry:
    """The images that services' tasks are started from."""

    images: Images

    def get(self, uri: str, **_: Any) -> LocalImage:
        """Return the image; raise `LookupError`."""
        found = self.images.find(uri)
        if found is None:
            raise LookupError(f"no local image stands for {uri}")
        return LocalImage("sha256:" + found.repository_prefix.encode().hex().zfill(64)[:64])

    def pull(self, uri: str, **_: Any) -> LocalImage:
        """Return an image for any URI; a missing one fails when it is run."""
        return LocalImage(uri)
