"""The decoding child: enters its sandbox, runs one operation and reports to its parent.

It reads the request from standard input and writes messages as JSON lines to the descriptor named
by the first argument.
"""

import base64
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from runtime.core.clock import SystemClock
from runtime.core.codec import decode, encode
from runtime.core.contract import Channels
from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo, Scene, Sound, TimeRange, Upload
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.decoder.sandbox import SandboxLimits, die_with_parent, enter_sandbox
from runtime.processor.media.decoding import Damage
from runtime.processor.media.limits import MediaLimits
from runtime.results.warnings import DAMAGED

_SECONDS_BETWEEN_MESSAGES = 0.2


def main(arguments: list[str]) -> None:
    """Serve one request."""
    die_with_parent(int(arguments[1]))
    request = json.load(sys.stdin)
    folder = Path(request["folder"])
    # Opened before the sandbox forbids it.
    with os.fdopen(int(arguments[0]), "w", encoding="utf-8") as out:
        sandbox = decode(SandboxLimits, request["sandbox"])
        _send(out, {"missing": enter_sandbox(sandbox, folder=folder)})
        _send(
            out,
            _answer(
                request,
                Reporting(
                    on_progress=_ProgressSender(out),
                    increments=_IncrementSender(out, request["done"]),
                ),
            ),
        )


class _ProgressSender:
    """Sends progress to the parent, a few times a second at most."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._clock = SystemClock()
        self._last = self._clock.monotonic()

    def __call__(self, fraction: float) -> None:
        now = self._clock.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_MESSAGES:
            self._last = now
            _send(self._out, {"progress": fraction})


class _IncrementSender:
    """Sends units of work to the parent, which stores them."""

    def __init__(self, out: IO[str], done: Sequence[str]) -> None:
        self._out = out
        self.done = [base64.b64decode(unit) for unit in done]

    def add(self, unit: bytes) -> None:
        _send(self._out, {"unit": base64.b64encode(unit).decode()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Where an operation reports progress and finished units."""

    on_progress: Progress
    increments: Increments


def _answer(request: Mapping[str, Any], reporting: Reporting) -> dict[str, Any]:
    try:
        operation = OPERATIONS[request["operation"]]
        value, problems = operation(request["arguments"], reporting)
        return {"value": encode(value), "problems": problems}
    except Permanent as error:
        refusal = {"code": error.code, "summary": error.summary, "resolution": error.resolution}
        return {"refused": refusal}
    except MemoryError:
        return {"failed": "memory", "trace": traceback.format_exc(limit=-3)}
    except OSError as error:
        kinds = {errno.ENOSPC: "disk", errno.EFBIG: "file", errno.ENOMEM: "memory"}
        machine = dict.fromkeys((errno.EIO, errno.EMFILE, errno.ENFILE), "machine")
        kind = (kinds | machine).get(error.errno or 0, "unforeseen")
        return {"failed": kind, "trace": traceback.format_exc()}
    except Exception:  # noqa: BLE001 - the parent must learn of every failure
        return {"failed": "unforeseen", "trace": traceback.format_exc()}


def _send(out: IO[str], message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def _probe(given: Mapping[str, Any], _: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.probe import probe_upload

    limits = decode(MediaLimits, given["limits"])
    upload = Upload(path=Path(given["path"]), key=given["key"])
    return probe_upload(upload, limits=limits, audio_track=given["audio_track"])


def _extract_audio(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.audio import extract_audio

    media = decode(MediaInfo, given["media"])
    destination = Path(given["destination"])
    damage = Damage()
    audio = extract_audio(
        *(Path(given["path"]), media, destination, reporting.on_progress, damage),
        channels=Channels(given["channels"]),
    )
    sound = Sound(
        starts_at_seconds=audio.starts_at_seconds,
        duration_seconds=audio.duration_seconds,
        parties=audio.parties,
    )
    return sound, _damage_warnings(damage)


def _detect_scenes(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.scenes import detect_scenes

    media, damage = decode(MediaInfo, given["media"]), Damage()
    scenes = detect_scenes(
        *(Path(given["path"]), media, reporting.on_progress, damage, reporting.increments),
        samples_into=Path(given["samples"]),
    )
    return scenes, _damage_warnings(damage)


def _detect_transitions(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.transitions import detect_transitions

    media, damage = decode(MediaInfo, given["media"]), Damage()
    scenes = detect_transitions(
        *(Path(given["path"]), media, reporting.on_progress, damage, reporting.increments),
        samples_into=Path(given["samples"]),
        model_dir=Path(given["model_dir"]),
        threads=int(given["threads"]),
    )
    return scenes, _damage_warnings(damage)


def _damage_warnings(damage: Damage) -> list[str]:
    return [DAMAGED.code] if damage.is_serious else []


def _make_thumbnails(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.thumbnails import make_thumbnails

    media, scenes = decode(MediaInfo, given["media"]), decode(tuple[Scene, ...], given["scenes"])
    make_thumbnails(
        *(Path(given["path"]), media, scenes, Path(given["into"]), reporting.on_progress),
        reporting.increments,
        samples=Path(given["samples"]),
    )
    return True, []


def _make_player_audio(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
    from runtime.processor.stages.player_audio import make_player_audio

    media, muted = (
        decode(MediaInfo, given["media"]),
        decode(tuple[TimeRange, ...] | None, given["muted"]),
    )
    make_player_audio(Path(given["path"]), media, Path(given["into"]), reporting.on_progress, muted)
    return True, []


OPERATIONS: dict[str, Callable[[Mapping[str, Any], Reporting], tuple[Any, list[str]]]] = {
    "probe": _probe,
    "extract_audio": _extract_audio,
    "detect_scenes": _detect_scenes,
    "detect_transitions": _detect_transitions,
    "make_thumbnails": _make_thumbnails,
    "make_player_audio": _make_player_audio,
}

if __name__ == "__main__":
    main(sys.argv[1:])
