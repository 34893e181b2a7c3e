"""The outcomes of a decoding child, and the job failure that each becomes."""

from dataclasses import dataclass
from typing import Any

from runtime.core.errors import LifestreamError, Permanent, Retryable


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOutcome:
    """How a child ended: with a `value`, `refused` with a reason, or `failed` otherwise.

    `problems` are the codes of the value's warnings. `failed` is the failure that the child
    reported, the signal or exit status that ended it, `silence`, or `nonsense` for an unreadable
    message.
    """

    value: Any = None
    problems: tuple[str, ...] = ()
    refused: dict[str, str] | None = None
    failed: str = ""
    trace: str = ""


_AGAIN = "Re-encode the file with a common codec, such as H.264 and AAC, and upload that."
_SHORTER = "Upload a shorter video, or raise {} in environments/<name>.toml and deploy."

_REASONS = {
    "memory": (
        "media.decoder_out_of_memory",
        "There was not enough memory for {}.",
        f"{_AGAIN} A smaller picture needs less; or raise DECODER_MEMORY_MB.",
    ),
    "silence": ("media.decoder_hung", "The decoder stood still while {}.", _AGAIN),
    "SIGXCPU": (
        "media.decoder_too_slow",
        "The processor time that a job may take was used up while {}.",
        _SHORTER.format("the job timeout"),
    ),
    "disk": (
        "worker.disk_too_small",
        "The task's disk was full while {}.",
        _SHORTER.format("the task's ephemeral storage"),
    ),
    "file": (
        "media.too_long",
        "More came out than a video of the allowed length holds, while {}.",
        "Upload a shorter video, or raise MAX_MEDIA_SECONDS.",
    ),
    "unforeseen": (
        "media.decoder_failed",
        "The decoder did not know what to make of the file while {}.",
        _AGAIN,
    ),
}
_REASONS["nonsense"] = _REASONS["unforeseen"]
_REASONS["machine"] = (
    "worker.machine_fault",
    "The machine failed while {}.",
    "The job is tried on another machine.",
)
# When a container's memory is used up, the kernel kills its largest process.
_REASONS["SIGKILL"] = _REASONS["memory"]
_RETRYABLE = frozenset({"SIGKILL", "disk", "machine"})
"""Endings that another machine, or less beside it, may prevent."""

_CRASHED = ("media.decoder_crashed", "The decoder broke down while {}.", _AGAIN)

_DOING = {
    "probe": "finding out what the file holds",
    "extract_audio": "decoding the sound",
    "detect_scenes": "decoding the picture",
    "make_thumbnails": "making pictures of the scenes",
    "make_player_audio": "making a file of the sound",
}


def error_of(outcome: ChildOutcome, operation: str) -> LifestreamError:
    """Return the job's failure for an outcome without a value."""
    if outcome.failed == "no start":
        return Retryable(
            "worker.decoder_not_started",
            "The process that is to decode the video ended before it looked at it.",
            "Look for what it wrote in the processor's log; the image may be incomplete or "
            "DECODER_MEMORY_MB too small.",
        )
    code, summary, resolution = _REASONS.get(outcome.failed, _CRASHED)
    kind = Retryable if outcome.failed in _RETRYABLE else Permanent
    return kind(code, summary.format(_DOING.get(operation, operation)), resolution)
