"""The table of the limits of videos, and how they are read."""

from cdk.config.settings import Settings, whole
from cdk.config.values import AudioTrack

GB = 1_000_000_000
MEGAPIXEL = 1_000_000


class MediaConfig(Settings):
    """Limits of videos, checked before any work, and how videos are read."""

    max_seconds: int = whole(60, 86400)
    """Maximum length; a longer video fails with media.too_long."""
    max_gb: int = whole(1, 200, "the largest disk of a Fargate task")
    """Maximum size of an upload, in 10^9 bytes; a larger one fails with media.too_large."""
    max_megapixels: int = whole(1, 200)
    """Maximum picture size in 10^6 pixels; a larger one fails with media.resolution_too_high."""
    decoder_memory_mib: int = whole(512, 65536)
    """Memory limit of the process that reads an upload."""
    audio_track: AudioTrack
    """The audio track to transcribe; a video without it uses the default track."""
    checkpoint_seconds: int = whole(5, 30, "a kill loses up to twice as much, and at most a minute")
    """Amount of work in a unit of a long stage, and the longest time before it is stored."""
