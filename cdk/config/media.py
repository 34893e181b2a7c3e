"""The table of the limits of videos, and how they are read."""

from cdk.config.settings import Settings, setting
from cdk.config.values import AudioTrack

GB = 1_000_000_000
MEGAPIXEL = 1_000_000


class MediaConfig(Settings):
    """Limits of videos, which are checked before any work, and how videos are read."""

    max_seconds: int = setting(
        "the longest video; beyond it a job fails as media.too_long", ge=60, le=86400
    )
    max_gb: int = setting(
        "the largest upload, in 10^9 bytes; beyond it a job fails as media.too_large",
        ge=1,
        le=200,
        why="the largest disk of a Fargate task",
    )
    max_megapixels: int = setting(
        "the largest picture, in 10^6 pixels; beyond it a job fails as media.resolution_too_high",
        ge=1,
        le=200,
    )
    decoder_memory_mib: int = setting(
        "what the process that reads an upload may use", ge=512, le=65536
    )
    audio_track: AudioTrack = setting(
        "which of a video's audio tracks is transcribed; if a video lacks it, default"
    )
    checkpoint_seconds: int = setting(
        "how much work of a long stage is a unit, and how long a unit may wait to be kept",
        ge=5,
        le=30,
        why="a kill loses up to twice as much, and at most a minute",
    )
