"""What is wrong around a job: its events, its key, the machine of its processor, what people do.

Drawn apart from the faults of calls, each with a rate of its own.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class EventFate(StrEnum):
    """What becomes of S3's event about an upload."""

    ORDINARY = "ordinary"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"


class MachineFault(StrEnum):
    """What is wrong with the machine that runs a job."""

    CLOCK_SKEW = "clock_skew"
    CLOCK_STEP = "clock_step"
    DISK_FULL = "disk_full"
    LITTLE_MEMORY = "little_memory"


class Act(StrEnum):
    """What a person does to a job."""

    CANCEL = "cancel"
    RETRY = "retry"
    REPROCESS = "reprocess"
    DELETE = "delete"
    UPLOAD_AGAIN = "upload_again"


@dataclass(frozen=True, slots=True)
class TimedAct:
    """An act so many seconds after the upload, or as soon after as the job's state allows it."""

    act: Act
    after_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of one job; `seconds` is the size of a clock's fault."""

    event: EventFate = EventFate.ORDINARY
    event_seconds: float = 0.0
    acts: tuple[TimedAct, ...] = ()
    machine: MachineFault | None = None
    seconds: float = 0.0
    odd_name: str = ""
    speech: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what is not ordinary, for the plan."""
        if self.event is not EventFate.ORDINARY:
            yield f"event {self.event} {self.event_seconds:.2f}s"
        for each in self.acts:
            yield f"person {each.act} {each.after_seconds:+.2f}"
        if self.machine is not None:
            yield f"machine {self.machine} {self.seconds:+.2f}s"
        if self.odd_name:
            yield f"key with {self.odd_name!r}"
        if self.speech:
            yield "speech"


ORDINARY = Conditions()

EVENT_SHARE = 0.15
ACT_SHARE = 0.15
CLOCK_SHARE = 0.08
MACHINE_SHARE = 0.05
ODD_NAME_SHARE = 0.1
SPEECH_SHARE = 0.04

ODD_NAMES = (
    "a+b c%20d",
    "ü 日本 🎬",
    "..",
    "a/.mov",
    "a|b&c=d;e",
    "quote ' and & ampersand",
    "\u0301combining",
    "x" * 200,
    "=1+1",
    "-rf",
    'say "no" \\ or {}',
    "two\nlines\x1b[31m",
)
"""Each becomes a part of a key."""

SEQUENCES: tuple[tuple[Act, ...], ...] = (
    (Act.CANCEL, Act.RETRY),
    (Act.CANCEL, Act.CANCEL, Act.RETRY, Act.RETRY),
    (Act.REPROCESS,),
    (Act.REPROCESS, Act.REPROCESS),
    (Act.REPROCESS, Act.CANCEL, Act.RETRY),
    (Act.UPLOAD_AGAIN,),
    (Act.DELETE, Act.UPLOAD_AGAIN, Act.RETRY),
)
"""Each ends so that the job succeeds at last."""

FIRST_ACT_SECONDS = (0.2, 9.0)
BETWEEN_ACTS_SECONDS = (0.0, 3.0)
EVENT_SECONDS = (0.2, 9.0)
SKEW_SECONDS = (-3.0, 3.0)
STEP_SECONDS = (-6.0, 6.0)


def draw_conditions(rng: random.Random, *, valid: bool, spare_run: bool) -> Conditions:
    """Return a job's conditions.

    Only a valid video has people and machines after it. `spare_run`: one more run may fail.
    """
    event = EventFate.ORDINARY
    if rng.random() < EVENT_SHARE:
        event = rng.choice((EventFate.LOST, EventFate.DOUBLED, EventFate.LATE))
    event_seconds = round(rng.uniform(*EVENT_SECONDS), 2)
    acts = _draw_acts(rng) if rng.random() < ACT_SHARE else ()
    machine, seconds = _draw_machine(rng)
    odd_name = rng.choice(ODD_NAMES) if rng.random() < ODD_NAME_SHARE else ""
    speech = rng.random() < SPEECH_SHARE
    takes_run = machine in {MachineFault.DISK_FULL, MachineFault.LITTLE_MEMORY}
    if not valid or (takes_run and not spare_run):
        machine = None
    return Conditions(
        event=event,
        event_seconds=event_seconds,
        acts=acts if valid else (),
        machine=machine,
        seconds=seconds,
        odd_name=odd_name,
        speech=valid and speech,
    )


def _draw_acts(rng: random.Random) -> tuple[TimedAct, ...]:
    at = rng.uniform(*FIRST_ACT_SECONDS)
    acts = []
    for act in rng.choice(SEQUENCES):
        acts.append(TimedAct(act, round(at, 2)))
        at += rng.uniform(*BETWEEN_ACTS_SECONDS)
    return tuple(acts)


def _draw_machine(rng: random.Random) -> tuple[MachineFault | None, float]:
    chance = rng.random()
    skew, step = round(rng.uniform(*SKEW_SECONDS), 2), round(rng.uniform(*STEP_SECONDS), 2)
    if chance < CLOCK_SHARE / 2:
        return MachineFault.CLOCK_SKEW, skew
    if chance < CLOCK_SHARE:
        return MachineFault.CLOCK_STEP, step
    if chance < CLOCK_SHARE + MACHINE_SHARE:
        return rng.choice((MachineFault.DISK_FULL, MachineFault.LITTLE_MEMORY)), 0.0
    return None, 0.0
