"""Dead letters: what each is about, and the way back to the jobs queue through the job's record."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lifestream.job_actions import change, put_back
from lifestream.ports import DeadLetter, DeadLetters, Operations
from runtime.core.jobs import Job, State
from runtime.core.messages import MalformedMessageError, Request, Requeued, Upload, parse
from runtime.core.ports import ObjectNotFoundError

_MOOT = frozenset({State.SUCCEEDED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing a message asks for: its name for a person, and the job, if there is one.

    `possible` is False when it names something that is gone.
    """

    about: str
    job: Job | None
    possible: bool = True

    @property
    def moot(self) -> bool:
        """Whether the dispatcher would find nothing to do."""
        return not self.possible or (self.job is not None and self.job.state in _MOOT)

    @property
    def state(self) -> str:
        """The job's state in words."""
        if self.job is not None:
            return str(self.job.state)
        return "no job yet" if self.possible else "gone"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a dead letter is about; `problem` says why it cannot be read at all."""

    letter: DeadLetter
    concerns: tuple[Concern, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of a dead letter: `sent` to the jobs queue or not, `gone` from here or not."""

    reading: Reading
    sent: bool
    gone: bool
    happened: str


def read(operations: Operations, letter: DeadLetter) -> Reading:
    """Find out what a message is about, and how its jobs stand."""
    try:
        asks, _ = parse(letter.body, bucket=operations.bucket)
    except MalformedMessageError as error:
        return Reading(letter, problem=error.summary)
    return Reading(letter, tuple(_concern(operations, ask) for ask in asks))


@contextmanager
def looking_into(dead_letters: DeadLetters, *, limit: int) -> Iterator[list[DeadLetter]]:
    """Receive up to `limit` messages to look at; all are given back at the end of the block."""
    letters: list[DeadLetter] = []
    try:
        for batch in batches(dead_letters):
            letters += batch
            if len(letters) >= limit:
                break
        yield letters[:limit]
    finally:
        _give_back(dead_letters, letters)


def redrive(
    operations: Operations, wanted: Callable[[DeadLetter], bool] = lambda _: True
) -> Generator[Redriven, None, None]:
    """Send the wanted messages back, one by one, and yield what became of each.

    For each, the failed jobs are put back with a fresh budget, then the message goes to the jobs
    queue, and only then it leaves the dead-letter queue. Whoever dies in between leaves a message
    here (to be redriven again) and at most a duplicate there (which the claim absorbs).
    """
    staying: list[DeadLetter] = []
    try:
        for batch in batches(operations.dead_letters):
            staying += batch
            for letter in filter(wanted, batch):
                done = _redrive(operations, read(operations, letter))
                if done.gone:
                    staying.remove(letter)
                yield done
    finally:
        _give_back(operations.dead_letters, staying)


def batches(dead_letters: DeadLetters) -> Iterator[list[DeadLetter]]:
    """Yield the messages as received, each once, until none is left.

    All of a batch is hidden from others from then on, so whoever takes it gives all of it back.
    """
    seen: set[str] = set()
    while True:
        fresh = [each for each in dead_letters.receive() if each.message_id not in seen]
        if not fresh:
            return
        seen.update(letter.message_id for letter in fresh)
        yield fresh


def _redrive(operations: Operations, reading: Reading) -> Redriven:
    letter = reading.letter
    if reading.problem:
        return Redriven(reading, sent=False, gone=False, happened=f"left here: {reading.problem}")
    if all(concern.moot for concern in reading.concerns):
        operations.dead_letters.delete(letter)
        return Redriven(reading, sent=False, gone=True, happened="removed: nothing is left to do")
    failed = [
        concern.job
        for concern in reading.concerns
        if concern.job is not None and concern.job.state is State.FAILED
    ]
    for job in failed:
        change(operations, job.job_id, _only_failed)
    operations.queue.send(letter.body)
    operations.dead_letters.delete(letter)
    again = f", {len(failed)} failed job(s) put back" if failed else ""
    return Redriven(reading, sent=True, gone=True, happened=f"sent to the jobs queue{again}")


def _only_failed(job: Job, now: float) -> Job:
    # A job that somebody has cancelled since is left to `jobs retry`.
    return put_back(job, now) if job.state is State.FAILED else job


def _concern(operations: Operations, ask: Request) -> Concern:
    match ask:
        case Requeued():
            job = operations.jobs.get(ask.job_id)
            return Concern(f"job {ask.job_id}", job, possible=job is not None)
        case Upload():
            try:
                source = operations.objects.head(ask.bucket, ask.key)
            except ObjectNotFoundError:
                return Concern(ask.key, None, possible=False)
            return Concern(ask.key, operations.jobs.get(source.job_id))


def _give_back(dead_letters: DeadLetters, letters: Iterable[DeadLetter]) -> None:
    for letter in letters:
        dead_letters.give_back(letter)
