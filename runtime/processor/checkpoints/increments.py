"""Stores a long stage's finished units, so that a killed stage loses less than a minute of work."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runtime.core.clock import MonotonicClock
from runtime.core.contract import Stage
from runtime.core.log import Log
from runtime.core.ports import ObjectNotFoundError, ObjectStore


class Increments(Protocol):
    """A stage's units of work, in order.

    Each unit must depend on the stage's input alone, never on what the process did before:
    a resumed stage then gives the same output as an uninterrupted one.
    """

    @property
    def done(self) -> Sequence[bytes]:
        """The units that earlier attempts finished."""

    def add(self, unit: bytes) -> None:
        """Add the next unit; the implementation decides when it is stored."""


class _NoIncrements:
    done: Sequence[bytes] = ()

    def add(self, unit: bytes) -> None:
        """Discard the unit."""


NO_INCREMENTS: Increments = _NoIncrements()
"""No earlier work, and nothing is stored."""


@dataclass(kw_only=True, eq=False)
class StoredIncrements:
    """Units of one stage, in objects `<prefix><number of the first unit>` of one or more units.

    A reader takes the object that begins with the next unit it needs, until there is none. Two
    writers (a zombie and its successor) may group units differently; units are deterministic, so
    every mixture of their objects reads the same. Objects with another `fingerprint` are ignored.
    `seconds_between_writes` bounds the number of writes; a kill loses at most the units of that
    time and the one being computed.
    """

    objects: ObjectStore
    bucket: str
    prefix: str
    stage: Stage
    fingerprint: str
    seconds_between_writes: float
    clock: MonotonicClock
    log: Log
    done: Sequence[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Read the stored units."""
        self.done = self._read()
        self._kept = len(self.done)
        self._pending: list[bytes] = []
        self._last_write = self.clock.monotonic()
        if self.done:
            self.log.info("stage.continued", stage=self.stage, units=self._kept)

    def add(self, unit: bytes) -> None:
        """Add the next unit; pending units are stored once `seconds_between_writes` have passed."""
        self._pending.append(unit)
        if self.clock.monotonic() - self._last_write < self.seconds_between_writes:
            return
        head = {"fingerprint": self.fingerprint, "sizes": [len(unit) for unit in self._pending]}
        content = json.dumps(head).encode() + b"\n" + b"".join(self._pending)
        self.objects.write_bytes(
            content, self.bucket, self._key(self._kept), "application/octet-stream"
        )
        self._kept += len(self._pending)
        self._pending = []
        self._last_write = self.clock.monotonic()
        self.log.info("stage.kept", stage=self.stage, units=self._kept)

    def _read(self) -> list[bytes]:
        units: list[bytes] = []
        while True:
            try:
                content = self.objects.read_bytes(self.bucket, self._key(len(units)))
            except ObjectNotFoundError:
                return units
            found = self._units(content)
            if not found:
                return units
            units += found

    def _units(self, content: bytes) -> list[bytes]:
        """Return an object's units; none if it is damaged or has another fingerprint."""
        first, _, rest = content.partition(b"\n")
        try:
            head = json.loads(first)
            sizes = [int(size) for size in head["sizes"]]
            if head["fingerprint"] != self.fingerprint or sum(sizes) != len(rest):
                return []
        except (ValueError, TypeError, KeyError):
            self.log.warning("checkpoint.unreadable", stage=self.stage, error="part")
            return []
        units, at = [], 0
        for size in sizes:
            units.append(rest[at : at + size])
            at += size
        return units

    def _key(self, first_unit: int) -> str:
        return f"{self.prefix}{first_unit:07d}"
