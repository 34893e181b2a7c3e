"""What goes wrong in a run, drawn whole from its seed before anything starts.

A fault is laid on the n-th time that a caller makes a call for a job. Nothing depends on the order
in which jobs or calls of different kinds happen to come, so a seed means the same plan however
the processes race.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from chaos.call_names import ALWAYS, RUN_TASK, SOMETIMES, SWEEP, Caller, Step


class Kind(StrEnum):
    """What goes wrong with one call."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    RESET = "reset"
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


REFUSALS = (Kind.THROTTLE, Kind.SERVER_ERROR, Kind.RESET)
UNCERTAIN = (Kind.LOST_ANSWER, Kind.ERROR_AFTER, Kind.LATE)
SUDDEN = (Kind.KILL_BEFORE, Kind.KILL_AFTER)
BURST = (1, 1, 2, 4)
"""How often in a row a call is refused or its answer lost: the SDK tries twice, adapters again."""

FREEZE_SECONDS = (11.0, 17.0)
"""Longer than a processor may be silent and a claim's lease runs, so that a zombie wakes up."""

UNTROUBLED_SHARE = 0.6
"""Faults laid on what every job does; the others are laid on what mends."""

DEADLY_SHARE = 0.03
BROKEN_SHARE = 0.05
"""Of the videos that kill their processor, and of those that are none."""

SWEEP_SHARE = 0.04
SWEEPS_PLANNED = 2000

SECONDS = {
    Kind.LATENCY: (0.2, 3.0),
    Kind.LATE: (1.0, 9.0),
    Kind.TERMINATE: (0.0, 0.8),
    Kind.KILL_LATER: (0.0, 0.8),
    Kind.FREEZE: FREEZE_SECONDS,
}

DEATHS = 2
"""Most deaths of a job's processors, well under the runs it may use."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The `count`-th time (from 1) that a step is taken for one subject."""

    step: Step
    count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong there; `seconds` is how long it lasts or when it comes, if that matters."""

    kind: Kind
    seconds: float = 0.0


class Poison(StrEnum):
    """Why a video can never be processed."""

    NOT_A_VIDEO = "not_a_video"
    KILLS_ITS_PROCESSOR = "kills_its_processor"


class Mail(StrEnum):
    """A message that nobody needed."""

    EVENT = "event"
    CONFIRM = "confirm"
    REQUEUE = "requeue"
    EVENT_OF_TWO = "event_of_two"


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra message, so many seconds after the upload (before it, if negative)."""

    mail: Mail
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Script:
    """All that is to go wrong for one subject."""

    faults: Mapping[Slot, Fault]
    extras: tuple[Extra, ...] = ()
    poison: Poison | None = None

    def fault(self, slot: Slot) -> Fault | None:
        """Return the fault laid on a slot; what kills its processor does so every time."""
        if self.poison is Poison.KILLS_ITS_PROCESSOR:
            deadly = slot.step == Step(Caller.PROCESSOR, "s3.GetObject:uploads")
            return Fault(Kind.KILL_AFTER) if deadly else None
        return self.faults.get(slot)


@dataclass(frozen=True, slots=True)
class Plan:
    """The scripts of all jobs, by number, and of the reaper's sweeps."""

    jobs: tuple[Script, ...]
    sweeps: Script

    @property
    def size(self) -> int:
        """How many faults are laid, poison not counted."""
        return sum(len(script.faults) for script in (*self.jobs, self.sweeps))

    def lines(self) -> Iterator[str]:
        """Yield the plan as text, always in the same order."""
        for number, script in enumerate(self.jobs):
            if script.poison is not None:
                yield f"{number:04d} poison {script.poison}"
            for extra in script.extras:
                yield f"{number:04d} extra {extra.mail} {extra.after_seconds:+.2f}"
            yield from (f"{number:04d} {line}" for line in _described(script))
        yield from (f"sweep {line}" for line in _described(self.sweeps))


def draw_plan(seed: int, jobs: int) -> Plan:
    """Return the plan of a run: the same for the same seed and number of jobs."""
    rng = random.Random(f"{seed}")
    blows = [(step, kind) for step in ALWAYS for kind in (*SUDDEN, Kind.FREEZE)]
    rng.shuffle(blows)
    scripts = [
        _draw_script(random.Random(f"{seed}/{number}"), *blows[number % len(blows)])
        for number in range(jobs)
    ]
    return Plan(tuple(scripts), _draw_sweeps(random.Random(f"{seed}/sweeps")))


def _draw_script(rng: random.Random, step: Step, kind: Kind) -> Script:
    """Return a job's script. Its first blow is given, so that all jobs together die everywhere."""
    extras = tuple(_draw_extra(rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    chance = rng.random()
    if chance < DEADLY_SHARE:
        return Script(MappingProxyType({}), extras, Poison.KILLS_ITS_PROCESSOR)
    faults = {Slot(step, 1): _lasting(rng, kind)}
    deaths = int(step.caller is Caller.PROCESSOR)
    for _ in range(rng.choice((1, 2, 2, 3, 4))):
        chosen = rng.choice(ALWAYS if rng.random() < UNTROUBLED_SHARE else SOMETIMES)
        fault = _draw_fault(rng, chosen)
        mortal = chosen.caller is Caller.PROCESSOR
        length = rng.choice(BURST) if fault.kind in REFUSALS + UNCERTAIN else 1
        if mortal and (fault.kind not in REFUSALS + UNCERTAIN or length > 1):
            deaths += 1
            if deaths > DEATHS:
                continue
        first = rng.choice((1, 1, 2))
        for count in range(first, first + length):
            faults.setdefault(Slot(chosen, count), fault)
    poison = Poison.NOT_A_VIDEO if chance > 1 - BROKEN_SHARE else None
    return Script(MappingProxyType(faults), extras, poison)


def _draw_fault(rng: random.Random, step: Step) -> Fault:
    kinds = [*REFUSALS, Kind.LATENCY]
    if step.caller is not Caller.OPERATOR:
        # An operator who dies leaves dead letters hidden for longer than a run lasts.
        kinds += [*SUDDEN, Kind.FREEZE]
    if step.writes:
        kinds += [*UNCERTAIN, *UNCERTAIN]
    if step.name == RUN_TASK:
        kinds += [Kind.NO_CAPACITY, Kind.NO_CAPACITY]
    if step.caller is Caller.PROCESSOR:
        kinds += [Kind.TERMINATE, Kind.TERMINATE, Kind.KILL_LATER, Kind.KILL_LATER]
    return _lasting(rng, rng.choice(kinds))


def _lasting(rng: random.Random, kind: Kind) -> Fault:
    if kind not in SECONDS:
        return Fault(kind)
    return Fault(kind, round(rng.uniform(*SECONDS[kind]), 2))


def _draw_extra(rng: random.Random) -> Extra:
    mail = rng.choice((Mail.EVENT, Mail.EVENT, Mail.CONFIRM, Mail.REQUEUE, Mail.EVENT_OF_TWO))
    return Extra(mail, round(rng.uniform(-1.0, 12.0), 2))


def _draw_sweeps(rng: random.Random) -> Script:
    kinds = (*REFUSALS, *SUDDEN)
    counts = (count for count in range(1, SWEEPS_PLANNED) if rng.random() < SWEEP_SHARE)
    return Script(
        MappingProxyType({Slot(SWEEP, count): Fault(rng.choice(kinds)) for count in counts})
    )


def _described(script: Script) -> Iterator[str]:
    for slot, fault in sorted(script.faults.items()):
        lasts = f" {fault.seconds}s" if fault.seconds else ""
        yield f"{slot.step.caller} {slot.step.name} #{slot.count} {fault.kind}{lasts}"
