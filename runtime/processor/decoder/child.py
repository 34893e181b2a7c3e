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
from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo, Scene, Sound
from runtime.core.ports import Progress
from runtime.processor.checkpoints.codec import decode, encode
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.decoder.sandbox import SandboxLimits, die_with_parent, enter_sandbox
from runtime.processor.media.decoding import Damage
from runtime.processor.media.limits import MediaLimits
from runtime.results.warnings import DAMAGED

_SECONDS_BETWEEN_SIGNS = 0.2


def main(arguments: list[str]) -> None:
    """Serve the one request."""
    die_with_parent(int(arguments[1]))
    request = json.load(sys.stdin)
    folder = Path(request["folder"])
    # Opened before the sandbox close on it.
    with os.fdopen(int(arguments[0]), "w", encoding="utf-8") as out:
        sandbox = decode(SandboxLimits, request["sandbox"])
        _tell(out, {"missing": enter_sandbox(sandbox, folder=folder)})
        _tell(
            out,
            _answer(
                request, Work(on_progress=_Signs(out), increments=_Units(out, request["done"]))
            ),
        )


class _Signs:
    """Passes progress on, now and then, so that the parent hears of life without drowning in it."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._clock = SystemClock()
        self._last = self._clock.monotonic()

    def __call__(self, fraction: float) -> None:
        now = self._clock.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_SIGNS:
            self._last = now
            _tell(self._out, {"progress": fraction})


class _Units:
    """Hands units of work to the parent, who keeps them."""

    def __init__(self, out: IO[str], done: Sequence[str]) -> None:
        self._out = out
        self.done = [base64.b64decode(unit) for unit in done]

    def add(self, unit: bytes) -> None:
        _tell(self._out, {"unit": base64.b64encode(unit).decode()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Where an operation tells how far it is, and what it has done so far."""

    on_progress: Progress
    increments: Increments


def _answer(request: Mapping[str, Any], work: Work) -> dict[str, Any]:
    try:
        operation = OPERATIONS[request["operation"]]
        value, problems = operation(request["arguments"], work)
        return {"value": encode(value), "problems": problems}
    except Permanent as error:
        said = {"code": error.code, "summary": error.summary, "resolution": error.resolution}
        return {"refused": said}
    except MemoryError:
        return {"failed": "memory", "trace": traceback.format_exc(limit=-3)}
    except OSError as error:
        kinds = {errno.ENOSPC: "disk", errno.EFBIG: "file", errno.ENOMEM: "memory"}
        kind = kinds.get(error.errno or 0, "unforeseen")
        return {"failed": kind, "trace": traceback.format_exc()}
    except Exception:  # noqa: BLE001 - whatever broke, the parent must hear of it
        return {"failed": "unforeseen", "trace": traceback.format_exc()}


def _tell(out: IO[str], message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def _probe(given: Mapping[str, Any], _: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.probe import examine

    limits = decode(MediaLimits, given["limits"])
    return examine(Path(given["path"]), limits=limits, audio_track=given["audio_track"])


def _extract_audio(given: Mapping[str, Any], work: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.audio import extract_audio

    media = decode(MediaInfo, given["media"])
    destination = Path(given["destination"])
    damage = Damage()
    audio = extract_audio(Path(given["path"]), media, destination, work.on_progress, damage)
    sound = Sound(
        starts_at_seconds=audio.starts_at_seconds, duration_seconds=audio.duration_seconds
    )
    return sound, _told(damage)


def _detect_scenes(given: Mapping[str, Any], work: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.scenes import detect_scenes

    media, damage = decode(MediaInfo, given["media"]), Damage()
    scenes = detect_scenes(Path(given["path"]), media, work.on_progress, damage, work.increments)
    return scenes, _told(damage)


def _detect_transitions(given: Mapping[str, Any], work: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.transitions import detect_transitions

    media, damage = decode(MediaInfo, given["media"]), Damage()
    scenes = detect_transitions(
        *(Path(given["path"]), media, work.on_progress, damage, work.increments),
        model_dir=Path(given["model_dir"]),
        threads=int(given["threads"]),
    )
    return scenes, _told(damage)


def _told(damage: Damage) -> list[str]:
    return [DAMAGED.code] if damage.is_serious else []


def _make_thumbnails(given: Mapping[str, Any], work: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.thumbnails import make_thumbnails

    media, scenes = decode(MediaInfo, given["media"]), decode(tuple[Scene, ...], given["scenes"])
    make_thumbnails(
        Path(given["path"]), media, scenes, Path(given["into"]), work.on_progress, work.increments
    )
    return True, []


def _make_player_audio(given: Mapping[str, Any], work: Work) -> tuple[Any, list[str]]:
    from runtime.processor.stages.player_audio import make_player_audio

    media = decode(MediaInfo, given["media"])
    make_player_audio(Path(given["path"]), media, Path(given["into"]), work.on_progress)
    return True, []


OPERATIONS: dict[str, Callable[[Mapping[str, Any], Work], tuple[Any, list[str]]]] = {
    "probe": _probe,
    "extract_audio": _extract_audio,
    "detect_scenes": _detect_scenes,
    "detect_transitions": _detect_transitions,
    "make_thumbnails": _make_thumbnails,
    "make_player_audio": _make_player_audio,
}

if __name__ == "__main__":
    main(sys.argv[1:])
