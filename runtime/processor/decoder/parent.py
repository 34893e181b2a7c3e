"""Has a child process do what touches an upload's bytes, and turns however it ends into a value.

Whatever a decoder does with a hostile file, it does to a process that holds nothing: no
credentials, no network, no folder but the job's.
"""

import base64
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from runtime.core.errors import Permanent
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.codec import DecodeError, decode, encode
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.decoder.outcomes import ChildOutcome, error_of
from runtime.processor.decoder.sandbox import SandboxLimits
from runtime.results.warnings import WARNINGS

_LOG = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]
# Of the parent's variables none: they hold where credentials are to be had.
_ENVIRONMENT = {
    "PYTHONPATH": str(_ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    # Threads of libraries that scale pictures of 256 pixels cost more than they give.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_LOOK_SECONDS = 1.0
_LONGEST_MESSAGE = 64 << 20
# FrameScores of 13 hours at 240 frames a second.
_MOST_BYTES_OF_UNITS = 300 << 20
_LAST_WORDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRequest:
    """What a child is to do: an operation of `child.OPERATIONS` on files below `folder`.

    `kind` is the type of its answer; after `silence_seconds` without a sign it counts as hung.
    `program` is the module that the child runs. It is told which `increments` are done, and adds to
    them.
    """

    operation: str
    arguments: Mapping[str, Any]
    folder: Path
    kind: Any
    sandbox: SandboxLimits
    silence_seconds: float = 120.0
    program: str = "runtime.processor.decoder.child"
    increments: Increments = NO_INCREMENTS


def ask(request: ChildRequest, on_progress: Progress) -> StageOutput[Any]:
    """Return the child's answer, with what it found doubtful.

    Raises `Retryable` where the child never got to the file, and `Permanent`: what the operation
    itself refused, or a `media.decoder_...` code where the child crashed, hung, or went beyond its
    sandbox. What `on_progress` raises ends the child.
    """
    with (
        tempfile.TemporaryFile(dir=request.folder) as words,
        _child(request, words) as (process, messages),
    ):
        ending = _hear(process, messages, request, on_progress)
        if ending.value is not None:
            try:
                warnings = tuple(WARNINGS[code] for code in ending.problems)
                return StageOutput(value=decode(request.kind, ending.value), warnings=warnings)
            except (DecodeError, KeyError) as error:
                ending = ChildOutcome(failed="nonsense", trace=str(error))
        if ending.refused is not None:
            raise Permanent(**ending.refused)
        words.seek(max(0, words.seek(0, os.SEEK_END) - _LAST_WORDS))
        last_words = words.read().decode(errors="replace")
        _LOG.warning(
            "decoding ended badly: %s %s, exit %s: %s %s",
            request.operation,
            ending.failed,
            process.poll(),
            ending.trace,
            last_words,
        )
        raise error_of(ending, request.operation)


@contextmanager
def _child(
    request: ChildRequest, words: IO[bytes]
) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as messages:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", request.program, str(writing), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=words,
                cwd=request.folder,
                env=_ENVIRONMENT,
                pass_fds=(writing,),
                # A stop signal for the whole group is the parent's to act on.
                start_new_session=True,
            )
        finally:
            os.close(writing)
        try:
            _send(process, request)
            yield process, messages
        finally:
            process.kill()
            process.wait()


def _send(process: "subprocess.Popen[bytes]", request: ChildRequest) -> None:
    assert process.stdin is not None  # noqa: S101  # for the type checker; it was asked for
    content = {
        "operation": request.operation,
        "arguments": {
            name: str(value) if isinstance(value, Path) else encode(value)
            for name, value in request.arguments.items()
        },
        "folder": str(request.folder),
        "sandbox": encode(request.sandbox),
        "done": [base64.b64encode(unit).decode() for unit in request.increments.done],
    }
    try:
        with process.stdin as stdin:
            stdin.write(json.dumps(content).encode())
    except BrokenPipeError:
        return  # it has ended already, which its exit status explains


def _hear(
    process: "subprocess.Popen[bytes]",
    messages: IO[bytes],
    request: ChildRequest,
    on_progress: Progress,
) -> ChildOutcome:
    """Read messages until the last one, silence or the child's end."""
    silent, done, buffer, began = 0.0, 0.0, b"", False
    units = _Units(request.increments)
    with selectors.DefaultSelector() as selector:
        selector.register(messages, selectors.EVENT_READ)
        while silent < request.silence_seconds:
            if not selector.select(_LOOK_SECONDS):
                silent += _LOOK_SECONDS
                on_progress(done)
                continue
            silent = 0.0
            received = messages.read(1 << 16)
            if not received:
                return _died(process) if began else ChildOutcome(failed="no start")
            began = True
            *lines, buffer = (buffer + received).split(b"\n")
            if len(buffer) > _LONGEST_MESSAGE:
                return ChildOutcome(failed="nonsense")
            for line in lines:
                message = _parsed(line)
                ending = _ending(message) or units.refused(message)
                if ending is not None:
                    return ending
                if isinstance(message.get("progress"), float):
                    done = min(1.0, max(done, message["progress"]))
                    on_progress(done)
                elif message.get("missing"):
                    _tell_what_is_missing(tuple(message["missing"]))
    return ChildOutcome(failed="silence")


def _parsed(line: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        message = json.loads(line, parse_constant=refuse)
    except ValueError:
        return {"failed": "nonsense"}
    return message if isinstance(message, dict) else {"failed": "nonsense"}


class _Units:
    """Takes units of work from a child, up to what any video can need."""

    def __init__(self, increments: Increments) -> None:
        self._increments = increments
        self._bytes_left = _MOST_BYTES_OF_UNITS

    def refused(self, message: Mapping[str, Any]) -> ChildOutcome | None:
        """Take the unit in a message, if there is one; return what to end with if it is none."""
        if "unit" not in message:
            return None
        try:
            unit = base64.b64decode(message["unit"], validate=True)
        except (ValueError, TypeError):
            return ChildOutcome(failed="nonsense")
        self._bytes_left -= len(unit)
        if self._bytes_left < 0:
            return ChildOutcome(failed="nonsense")
        self._increments.add(unit)
        return None


def _ending(message: Mapping[str, Any]) -> ChildOutcome | None:
    refused = message.get("refused")
    if isinstance(refused, dict) and refused.keys() == {"code", "summary", "resolution"}:
        return ChildOutcome(refused={name: str(text) for name, text in refused.items()})
    if "failed" in message:
        return ChildOutcome(failed=str(message["failed"]), trace=str(message.get("trace", "")))
    if "value" in message:
        problems = message.get("problems", [])
        return ChildOutcome(value=message["value"], problems=tuple(map(str, problems)))
    return None


def _died(process: "subprocess.Popen[bytes]") -> ChildOutcome:
    status = process.wait()
    if status < 0:
        return ChildOutcome(failed=signal.Signals(-status).name)
    return ChildOutcome(failed=f"exit {status}")


@cache
def _tell_what_is_missing(measures: tuple[str, ...]) -> None:
    _LOG.warning("this system cannot confine decoding by: %s", ", ".join(measures))
