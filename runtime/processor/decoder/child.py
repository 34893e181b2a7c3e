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
from typing import IO, Any, get_type_hints

from runtime.core.clock import SystemClock
from runtime.core.codec import decode, encode
from runtime.core.errors import Permanent
from runtime.core.media import Audio
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.decoder.sandbox import SandboxLimits, die_with_parent, enter_sandbox
from runtime.processor.media.decoding import Damage
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.player_audio import make_player_audio
from runtime.processor.stages.probe import probe_upload
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.stages.thumbnails import make_thumbnails
from runtime.processor.stages.transitions import detect_transitions
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
        increments = _IncrementSender(out, request["done"])
        reporting = Reporting(on_progress=_ProgressSender(out), increments=increments)
        _send(out, _answer(request, reporting))


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


Operation = Callable[[Mapping[str, Any], Reporting], tuple[Any, list[str]]]
"""Returns a value and the codes of warnings."""


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


def _stage(function: Callable[..., Any]) -> Operation:
    """Return the operation that calls a stage's function, with arguments of the types it names."""

    def run(given: Mapping[str, Any], reporting: Reporting) -> tuple[Any, list[str]]:
        damage = Damage()
        own = {
            "on_progress": reporting.on_progress,
            "increments": reporting.increments,
            "damage": damage,
        }
        made = function(
            **{
                name: own[name] if name in own else decode(kind, given[name])
                for name, kind in get_type_hints(function).items()
                if name in own or name in given
            }
        )
        if isinstance(made, StageOutput):
            return made.value, [warning.code for warning in made.warnings]
        value = made.sound if isinstance(made, Audio) else made
        return True if value is None else value, [DAMAGED.code] if damage.is_serious else []

    return run


OPERATIONS: dict[str, Operation] = {
    "probe": _stage(probe_upload),
    "extract_audio": _stage(extract_audio),
    "detect_scenes": _stage(detect_scenes),
    "detect_transitions": _stage(detect_transitions),
    "make_thumbnails": _stage(make_thumbnails),
    "make_player_audio": _stage(make_player_audio),
}

if __name__ == "__main__":
    main(sys.argv[1:])
