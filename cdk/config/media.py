"""The settings of what is taken of videos, and how they are read."""

from dataclasses import dataclass

from cdk.config import rules
from cdk.config.settings import setting

GB = 1_000_000_000
MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConfig:
    """What is taken of videos, which is looked at before any work, and how they are read."""

    max_seconds: int = setting(
        rules.whole_number(60, 86400), "the longest video; beyond it a job fails as media.too_long"
    )
    max_gb: int = setting(
        rules.whole_number(1, 200, "the largest disk of a Fargate task"),
        "the largest upload, in 10^9 bytes; beyond it a job fails as media.too_large",
    )
    max_megapixels: int = setting(
        rules.whole_number(1, 200),
        "the largest picture, in 10^6 pixels; beyond it a job fails as media.resolution_too_high",
    )
    decoder_memory_mib: int = setting(
        rules.whole_number(512, 65536), "what the process that reads an upload may use"
    )
    audio_track: str = setting(
        rules.AUDIO_TRACK, "which of a video's audio tracks is heard; where there is none, default"
    )
    checkpoint_seconds: int = setting(
        rules.whole_number(5, 30, "a kill loses up to twice as much, and at most a minute"),
        "how much work of a long stage is a unit, and how long one waits to be kept",
    )
