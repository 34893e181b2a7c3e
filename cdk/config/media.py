"""The table of the limits of videos, and how they are read."""

from cdk.config.settings import Settings, whole
from cdk.config.values import AudioTrack

GB = 1_000_000_000
MEGAPIXEL = 1_000_000


class MediaConfig(Settings):
    """Limits of videos, which are checked before any work, and how videos are read."""

    max_seconds: int = whole(60, 86400)
    """The longest video; beyond it a job fails as media.too_long."""
    max_gb: int = whole(1, 200, "the largest disk of a Fargate task")
    """The largest upload, in 10^9 bytes; beyond it a job fails as media.too_large."""
    max_megapixels: int = whole(1, 200)
    """The largest picture, in 10^6 pixels; beyond it a job fails as media.resolution_too_high."""
    decoder_memory_mib: int = whole(512, 65536)
    """What the process that reads an upload may use."""
    audio_track: AudioTrack
    """Which of a video's audio tracks is transcribed; if a video lacks it, default."""
    checkpoint_seconds: int = whole(5, 30, "a kill loses up to twice as much, and at most a minute")
    """How much work of a long stage is a unit, and how long a unit may wait to be kept."""
