"""Dead letters received by an operator, and their redrive to the jobs queue."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lifestream.job_actions import change
from lifestream.ports import Operations
from runtime.core.dead_letters import DeadLetter, DeadLetters, LetterContent, read_letter
from runtime.core.jobs import Job, State, retry


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """Whether a dead letter was `sent` to the jobs queue and is `gone` from its own."""

    content: LetterContent
    sent: bool
    gone: bool
    summary: str


def read(operations: Operations, letter: DeadLetter) -> LetterContent:
    """Parse a message and look its jobs up."""
    return read_letter(
        letter, bucket=operations.bucket, jobs=operations.jobs, objects=operations.objects
    )


@contextmanager
def peek(dead_letters: DeadLetters, *, limit: int) -> Iterator[list[DeadLetter]]:
    """Receive up to `limit` messages to look at; all are released at the end of the block."""
    letters: list[DeadLetter] = []
    try:
        for batch in batches(dead_letters):
            letters += batch
            if len(letters) >= limit:
                break
        yield letters[:limit]
    finally:
        _release(dead_letters, letters)


def redrive(
    operations: Operations, wanted: Callable[[DeadLetter], bool] = lambda _: True
) -> Generator[RedriveResult, None, None]:
    """Send the wanted messages back, one by one, and yield what became of each.

    For each, the failed jobs are requeued with a new budget, then the message goes to the jobs
    queue, and only then is it deleted here. A crash in between leaves the message here (to be
    redriven again) and at most a duplicate there (which the claim absorbs).
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
        _release(operations.dead_letters, staying)


def batches(dead_letters: DeadLetters) -> Iterator[list[DeadLetter]]:
    """Yield the messages as received, each once, until none is left.

    A batch is hidden from others from then on; the caller releases what it does not delete.
    """
    seen: set[str] = set()
    while True:
        fresh = [each for each in dead_letters.receive() if each.message_id not in seen]
        if not fresh:
            return
        seen.update(letter.message_id for letter in fresh)
        yield fresh


def _redrive(operations: Operations, content: LetterContent) -> RedriveResult:
    letter = content.letter
    if content.problem:
        return RedriveResult(
            content, sent=False, gone=False, summary=f"left here: {content.problem}"
        )
    if all(subject.is_settled for subject in content.subjects):
        operations.dead_letters.delete(letter)
        return RedriveResult(
            content, sent=False, gone=True, summary="removed: nothing is left to do"
        )
    failed = [
        subject.job
        for subject in content.subjects
        if subject.job is not None and subject.job.state is State.FAILED
    ]
    for job in failed:
        change(operations, job.job_id, _only_failed)
    operations.queue.send(letter.body)
    operations.dead_letters.delete(letter)
    again = f", {len(failed)} failed job(s) requeued" if failed else ""
    return RedriveResult(content, sent=True, gone=True, summary=f"sent to the jobs queue{again}")


def _only_failed(job: Job, now: float) -> Job:
    # A job that was cancelled meanwhile is left to `jobs retry`.
    return retry(job, now=now) if job.state is State.FAILED else job


def _release(dead_letters: DeadLetters, letters: Iterable[DeadLetter]) -> None:
    for letter in letters:
        dead_letters.release(letter)
