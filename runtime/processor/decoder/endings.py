"""Why a decoding child ended badly, as a failure of the job that a person can act on."""

from dataclasses import dataclass
from typing import Any

from runtime.core.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a child ended: with a `value`, `refused` with a reason, or `failed` otherwise.

    `problems` are the codes of what is doubtful about the value. `failed` is what the child said
    of itself, the signal or exit status that ended it, `silence`, or `nonsense` for an answer that
    cannot be read.
    """

    value: Any = None
    problems: tuple[str, ...] = ()
    refused: dict[str, str] | None = None
    failed: str = ""
    trace: str = ""


_OUT_OF_MEMORY = frozenset({"memory", "SIGKILL"})
"""The kernel kills the process that holds most when a container's memory is used up."""

_AGAIN = "Re-encode the file with a common codec, such as H.264 and AAC, and upload that."


def failure_of(ending: Ending, operation: str) -> Permanent:
    """Return the failure for an ending without a value."""
    doing = _DOING.get(operation, operation)
    if ending.failed in _OUT_OF_MEMORY:
        return Permanent(
            "media.decoder_out_of_memory",
            f"There was not enough memory for {doing}.",
            f"{_AGAIN} A smaller picture needs less; or raise DECODER_MEMORY_MB.",
        )
    if ending.failed == "silence":
        return Permanent("media.decoder_hung", f"The decoder stood still while {doing}.", _AGAIN)
    if ending.failed == "SIGXCPU":
        return Permanent(
            "media.decoder_too_slow",
            f"The processor time that a job may take was used up while {doing}.",
            "Upload a shorter video, or raise the job timeout in environments/<name>.toml "
            "and deploy.",
        )
    if ending.failed == "disk":
        return Permanent(
            "worker.disk_too_small",
            f"The task's disk was full while {doing}.",
            "Raise the task's ephemeral storage in environments/<name>.toml and deploy, "
            "or upload a shorter video.",
        )
    if ending.failed == "file":
        return Permanent(
            "media.too_long",
            f"More sound came out than a video of the allowed length holds, while {doing}.",
            "Upload a shorter video, or raise MAX_MEDIA_SECONDS.",
        )
    return Permanent("media.decoder_crashed", f"The decoder broke down while {doing}.", _AGAIN)


_DOING = {
    "probe": "finding out what the file holds",
    "extract_audio": "decoding the sound",
    "detect_scenes": "decoding the picture",
    "make_thumbnails": "making pictures of the scenes",
    "make_player_audio": "making a file of the sound",
}
