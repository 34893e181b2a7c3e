"""Runs an operation on an upload in a child process, and turns however it ends into an outcome.

A hostile file can only harm a process without credentials, without network and without any folder
but the job's.
"""

import base64
import json
import logging
import os
import selectors
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from runtime.core.codec import DecodeError, decode, encode
from runtime.core.errors import Permanent
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.decoder.outcomes import ChildOutcome, error_of
from runtime.processor.decoder.sandbox import SandboxLimits
from runtime.processor.decoder.starting import ChildProcess, Descriptors, start_child
from runtime.results.warnings import WARNINGS

_LOG = logging.getLogger(__name__)
_WAIT_SECONDS = 1.0
_MAX_MESSAGE_BYTES = 64 << 20
# Frame scores of 13 hours at 240 frames a second, and thumbnails.
_MAX_UNIT_BYTES = 500 << 20
_STDERR_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRequest:
    """An operation of `child.OPERATIONS` on files below `folder`, with its sandbox.

    `kind` is the type of its value; after `silence_seconds` without a message the child counts as
    hung. `program` is the module that it runs. It gets the finished `increments` and adds to them.
    """

    operation: str
    arguments: Mapping[str, Any]
    folder: Path
    kind: Any
    sandbox: SandboxLimits
    silence_seconds: float = 120.0
    program: str = "runtime.processor.decoder.child"
    increments: Increments = NO_INCREMENTS


def run_in_child(request: ChildRequest, on_progress: Progress) -> StageOutput[Any]:
    """Run the operation and return its value, with its warnings.

    Raises `Retryable` where the child did not start, and `Permanent`: the operation's own refusal,
    or a `media.decoder_...` code where the child crashed, hung or exceeded its sandbox. An error
    raised by `on_progress` ends the child.
    """
    with (
        tempfile.TemporaryFile(dir=request.folder) as stderr,
        _child(request, stderr) as (process, messages),
    ):
        outcome = _receive(process, messages, request, on_progress)
        if outcome.value is not None:
            try:
                warnings = tuple(WARNINGS[code] for code in outcome.problems)
                return StageOutput(value=decode(request.kind, outcome.value), warnings=warnings)
            except (DecodeError, KeyError) as error:
                outcome = ChildOutcome(failed="nonsense", trace=str(error))
        if outcome.refused is not None:
            raise Permanent(**outcome.refused)
        process.kill()
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_TAIL_BYTES))
        stderr_tail = stderr.read().decode(errors="replace")
        _LOG.warning(
            "decoding ended badly: %s %s, exit %s: %s %s",
            request.operation,
            outcome.failed,
            process.wait(),
            outcome.trace,
            stderr_tail,
        )
        raise error_of(outcome, request.operation)


@contextmanager
def _child(request: ChildRequest, stderr: IO[bytes]) -> Iterator[tuple[ChildProcess, IO[bytes]]]:
    asking, asked = os.pipe()
    reading, writing = os.pipe()
    with os.fdopen(asked, "wb") as stdin, os.fdopen(reading, "rb", buffering=0) as messages:
        try:
            process = start_child(
                request.program,
                request.folder,
                Descriptors(request=asking, messages=writing, errors=stderr.fileno()),
            )
        except OSError as error:
            raise error_of(ChildOutcome(failed="no start"), request.operation) from error
        finally:
            os.close(asking)
            os.close(writing)
        try:
            _send(stdin, request)
            yield process, messages
        finally:
            process.kill()
            process.wait()


def _send(stdin: IO[bytes], request: ChildRequest) -> None:
    content = {
        "operation": request.operation,
        "arguments": {name: encode(value) for name, value in request.arguments.items()},
        "folder": str(request.folder),
        "sandbox": encode(request.sandbox),
        "done": [base64.b64encode(unit).decode() for unit in request.increments.done],
    }
    try:
        with stdin:
            stdin.write(json.dumps(content).encode())
    except BrokenPipeError:
        return  # the child has ended; its exit status says why


def _receive(
    process: ChildProcess,
    messages: IO[bytes],
    request: ChildRequest,
    on_progress: Progress,
) -> ChildOutcome:
    """Read messages until the outcome, silence or the child's end."""
    silent, done, buffer, began = 0.0, 0.0, b"", False
    units = _IncrementReceiver(request.increments)
    with selectors.DefaultSelector() as selector:
        selector.register(messages, selectors.EVENT_READ)
        while silent < request.silence_seconds:
            if not selector.select(_WAIT_SECONDS):
                silent += _WAIT_SECONDS
                on_progress(done)
                continue
            silent = 0.0
            received = messages.read(1 << 16)
            if not received:
                return _exit_outcome(process) if began else ChildOutcome(failed="no start")
            began = True
            *lines, buffer = (buffer + received).split(b"\n")
            if len(buffer) > _MAX_MESSAGE_BYTES:
                return ChildOutcome(failed="nonsense")
            for line in lines:
                message = _parsed(line)
                outcome = _parse_outcome(message) or units.receive(message)
                if outcome is not None:
                    return outcome
                if isinstance(message.get("progress"), float):
                    done = min(1.0, max(done, message["progress"]))
                    on_progress(done)
                elif message.get("missing"):
                    _warn_of_missing(tuple(message["missing"]))
    return ChildOutcome(failed="silence")


def _parsed(line: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        message = json.loads(line, parse_constant=refuse)
    except ValueError:
        return {"failed": "nonsense"}
    return message if isinstance(message, dict) else {"failed": "nonsense"}


class _IncrementReceiver:
    """Stores a child's units of work, up to the bytes that any video can need."""

    def __init__(self, increments: Increments) -> None:
        self._increments = increments
        self._bytes_left = _MAX_UNIT_BYTES

    def receive(self, message: Mapping[str, Any]) -> ChildOutcome | None:
        """Store the unit of a message, if it has one; return an outcome if the unit is invalid."""
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


def _parse_outcome(message: Mapping[str, Any]) -> ChildOutcome | None:
    refused = message.get("refused")
    if isinstance(refused, dict) and refused.keys() == {"code", "summary", "resolution"}:
        return ChildOutcome(refused={name: str(text) for name, text in refused.items()})
    if "failed" in message:
        return ChildOutcome(failed=str(message["failed"]), trace=str(message.get("trace", "")))
    if "value" in message:
        problems = message.get("problems", [])
        return ChildOutcome(value=message["value"], problems=tuple(map(str, problems)))
    return None


def _exit_outcome(process: ChildProcess) -> ChildOutcome:
    status = process.wait()
    if status < 0:
        return ChildOutcome(failed=signal.Signals(-status).name)
    return ChildOutcome(failed=f"exit {status}")


@cache
def _warn_of_missing(measures: tuple[str, ...]) -> None:
    _LOG.warning("this system cannot confine decoding by: %s", ", ".join(measures))
