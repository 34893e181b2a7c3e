"""Limits of length, size and resolution, checked before any work."""

from dataclasses import dataclass

from runtime.core.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """Maximum length in seconds, size in bytes and pixels of a frame."""

    max_seconds: float = 13 * 3600.0
    max_bytes: int = 100_000_000_000
    max_pixels: int = 8192 * 4320

    def check_size(self, key: str, size_bytes: int) -> None:
        """Raise `Permanent` `media.too_large`."""
        if size_bytes > self.max_bytes:
            raise Permanent(
                "media.too_large",
                f"{key} has {size_bytes / 1e9:.1f} GB; up to {self.max_bytes / 1e9:.1f} are taken.",
                "Upload a smaller file, or raise MAX_MEDIA_BYTES.",
            )

    def too_long(self, name: str) -> Permanent:
        """Return the refusal of a file longer than `max_seconds`."""
        return Permanent(
            "media.too_long",
            f"{name} is longer than the {self.max_seconds / 3600:.4g} hours that are taken.",
            "Upload a shorter video, or raise MAX_MEDIA_SECONDS.",
        )

    def check_picture(self, name: str, width: int, height: int) -> None:
        """Raise `Permanent` `media.resolution_too_high`."""
        if width * height > self.max_pixels:
            raise Permanent(
                "media.resolution_too_high",
                f"{name} has pictures of {width} x {height}; up to {self.max_pixels / 1e6:.1f} "
                "million pixels are taken.",
                "Upload a smaller picture, or raise MAX_MEDIA_PIXELS.",
            )


USUAL_LIMITS = MediaLimits()
