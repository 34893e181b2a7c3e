"""The faults of a run, drawn from its seed before anything starts.

A fault is planned for the n-th time that a caller makes a call for a job. Nothing depends on the
order of jobs or of calls of different kinds, so a seed means the same plan however processes race.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from chaos.call_names import (
    ALWAYS,
    LIST_TASKS,
    RECEIVE,
    RUN_TASK,
    SAVE,
    SOMETIMES,
    SWEEP,
    Caller,
    CallName,
)
from chaos.conditions import ORDINARY, Conditions, draw_conditions


class FaultKind(StrEnum):
    """What goes wrong with one call."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    RESET = "reset"
    EXPIRED = "expired"
    CONFLICT = "conflict"
    LAG = "lag"
    REDELIVERY = "redelivery"
    NO_CAPACITY = "no_capacity"
    LATENCY = "latency"
    LOST_ANSWER = "lost_answer"
    ERROR_AFTER = "error_after"
    LATE = "late"
    KILL_BEFORE = "kill_before"
    KILL_AFTER = "kill_after"
    KILL_LATER = "kill_later"
    TERMINATE = "terminate"
    FREEZE = "freeze"


REFUSALS = (FaultKind.THROTTLE, FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.EXPIRED)
PASSING = (*REFUSALS, FaultKind.CONFLICT)
UNCERTAIN = (FaultKind.LOST_ANSWER, FaultKind.ERROR_AFTER, FaultKind.LATE)
KILLS = (FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER)
DISTURBING = frozenset({*KILLS, FaultKind.KILL_LATER, FaultKind.TERMINATE, FaultKind.FREEZE})
"""Faults of a process, not of a call."""

BURST = (1, 1, 2, 4)
"""How often in a row a call is refused or its response lost; SDK and adapters retry."""

FREEZE_SECONDS = (11.0, 17.0)
"""Longer than a processor may be silent and a claim's lease runs, so that a zombie wakes up."""

UNTROUBLED_SHARE = 0.6
"""Faults laid on what every job does; the others are laid on what mends."""

KILLER_SHARE = 0.03
BROKEN_SHARE = 0.05
"""Of the videos that kill their processor, and of those that are none."""

SWEEP_SHARE = 0.06
SWEEPS_PLANNED = 2000

SECONDS = {
    FaultKind.LATENCY: (0.2, 3.0),
    FaultKind.LATE: (1.0, 9.0),
    FaultKind.TERMINATE: (0.0, 0.8),
    FaultKind.KILL_LATER: (0.0, 0.8),
    FaultKind.FREEZE: FREEZE_SECONDS,
}

MAX_KILLS = 2
"""Most kills of a job's processors, well under the runs it may use."""


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """The `count`-th time (from 1) that a call is taken for one subject."""

    call: CallName
    count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; `seconds` is its duration or delay, where the kind has one."""

    kind: FaultKind
    seconds: float = 0.0


class Poison(StrEnum):
    """Why a video can never be processed."""

    NOT_A_VIDEO = "not_a_video"
    KILLS_ITS_PROCESSOR = "kills_its_processor"


class MessageKind(StrEnum):
    """A superfluous message."""

    EVENT = "event"
    CONFIRM = "confirm"
    REQUEUE = "requeue"
    EVENT_OF_TWO = "event_of_two"


@dataclass(frozen=True, slots=True)
class ExtraMessage:
    """An extra message, so many seconds after the upload (before it, if negative)."""

    kind: MessageKind
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that is to go wrong for one subject."""

    faults: Mapping[Occurrence, Fault]
    extras: tuple[ExtraMessage, ...] = ()
    poison: Poison | None = None
    conditions: Conditions = ORDINARY

    def fault(self, occurrence: Occurrence) -> Fault | None:
        """Return the fault planned for an occurrence; a killer video kills every time."""
        if self.poison is Poison.KILLS_ITS_PROCESSOR:
            deadly = occurrence.call == CallName(Caller.PROCESSOR, "s3.GetObject:uploads")
            return Fault(FaultKind.KILL_AFTER) if deadly else None
        return self.faults.get(occurrence)


@dataclass(frozen=True, slots=True)
class Plan:
    """The scenarios of all jobs, by number, and of the reaper's sweeps."""

    jobs: tuple[Scenario, ...]
    sweeps: Scenario

    @property
    def size(self) -> int:
        """How many faults are laid, poison not counted."""
        return sum(len(scenario.faults) for scenario in (*self.jobs, self.sweeps))

    def lines(self) -> Iterator[str]:
        """Yield the plan as text, always in the same order."""
        for number, scenario in enumerate(self.jobs):
            if scenario.poison is not None:
                yield f"{number:04d} poison {scenario.poison}"
            yield from (f"{number:04d} {line}" for line in scenario.conditions.lines())
            for extra in scenario.extras:
                yield f"{number:04d} extra {extra.kind} {extra.after_seconds:+.2f}"
            yield from (f"{number:04d} {line}" for line in _described(scenario))
        yield from (f"sweep {line}" for line in _described(self.sweeps))


def draw_plan(seed: int, jobs: int) -> Plan:
    """Return the plan of a run: the same for the same seed and number of jobs."""
    rng = random.Random(f"{seed}")
    blows = [(call, kind) for call in ALWAYS for kind in (*KILLS, FaultKind.FREEZE)]
    rng.shuffle(blows)
    scenarios = [
        _with_conditions(
            random.Random(f"{seed}/{number}/conditions"),
            _draw_scenario(random.Random(f"{seed}/{number}"), *blows[number % len(blows)]),
        )
        for number in range(jobs)
    ]
    return Plan(tuple(scenarios), _draw_sweeps(random.Random(f"{seed}/sweeps")))


def _with_conditions(rng: random.Random, scenario: Scenario) -> Scenario:
    deadly = sum(
        fault.kind in DISTURBING and occurrence.call.caller is Caller.PROCESSOR
        for occurrence, fault in scenario.faults.items()
    )
    conditions = draw_conditions(rng, valid=scenario.poison is None, spare_run=deadly < MAX_KILLS)
    return replace(scenario, conditions=conditions)


def _draw_scenario(rng: random.Random, call: CallName, kind: FaultKind) -> Scenario:
    """Return a job's scenario; its first fault is given, so that all jobs cover every call."""
    extras = tuple(_draw_extra(rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    chance = rng.random()
    if chance < KILLER_SHARE:
        return Scenario(MappingProxyType({}), extras, Poison.KILLS_ITS_PROCESSOR)
    faults = {Occurrence(call, 1): _lasting(rng, kind)}
    kills = int(call.caller is Caller.PROCESSOR)
    for _ in range(rng.choice((1, 2, 2, 3, 4))):
        chosen = rng.choice(ALWAYS if rng.random() < UNTROUBLED_SHARE else SOMETIMES)
        fault = draw_fault(rng, chosen)
        mortal = chosen.caller is Caller.PROCESSOR
        length = rng.choice(BURST) if fault.kind in PASSING + UNCERTAIN else 1
        if fault.kind is FaultKind.EXPIRED:
            length = 1  # The SDK renews them before its next call.
        if mortal and (fault.kind not in PASSING + UNCERTAIN or length > 1):
            kills += 1
            if kills > MAX_KILLS:
                continue
        first = rng.choice((1, 1, 2))
        for count in range(first, first + length):
            faults.setdefault(Occurrence(chosen, count), fault)
    poison = Poison.NOT_A_VIDEO if chance > 1 - BROKEN_SHARE else None
    return Scenario(MappingProxyType(faults), extras, poison)


def draw_fault(rng: random.Random, call: CallName) -> Fault:
    """Return one fault of a kind that fits the call."""
    kinds = [*REFUSALS, FaultKind.LATENCY]
    if call.caller is not Caller.OPERATOR:
        # An operator who dies leaves dead letters hidden for longer than a run lasts.
        kinds += [*KILLS, FaultKind.FREEZE]
    if call.writes:
        kinds += [*UNCERTAIN, *UNCERTAIN]
    if call.name.startswith(SAVE):
        kinds += [FaultKind.CONFLICT]
    if call.name == LIST_TASKS:
        kinds += 3 * [FaultKind.LAG]
    if call.name == RECEIVE:
        kinds = [FaultKind.RESET, FaultKind.LOST_ANSWER, *(FaultKind.REDELIVERY,) * 4]
    if call.name == RUN_TASK:
        kinds += [FaultKind.NO_CAPACITY, FaultKind.NO_CAPACITY]
    if call.caller is Caller.PROCESSOR:
        kinds += 2 * [FaultKind.TERMINATE] + 2 * [FaultKind.KILL_LATER]
    return _lasting(rng, rng.choice(kinds))


def _lasting(rng: random.Random, kind: FaultKind) -> Fault:
    if kind not in SECONDS:
        return Fault(kind)
    return Fault(kind, round(rng.uniform(*SECONDS[kind]), 2))


def _draw_extra(rng: random.Random) -> ExtraMessage:
    kind = rng.choice((MessageKind.EVENT, *MessageKind))
    return ExtraMessage(kind, round(rng.uniform(-1.0, 12.0), 2))


def _draw_sweeps(rng: random.Random) -> Scenario:
    kinds = (*REFUSALS, *KILLS, FaultKind.LAG, FaultKind.LAG, FaultKind.LAG)
    counts = (count for count in range(1, SWEEPS_PLANNED) if rng.random() < SWEEP_SHARE)
    return Scenario(
        MappingProxyType({Occurrence(SWEEP, count): Fault(rng.choice(kinds)) for count in counts})
    )


def _described(scenario: Scenario) -> Iterator[str]:
    for occurrence, fault in sorted(scenario.faults.items()):
        lasts = f" {fault.seconds}s" if fault.seconds else ""
        call = occurrence.call
        yield f"{call.caller} {call.name} #{occurrence.count} {fault.kind}{lasts}"
