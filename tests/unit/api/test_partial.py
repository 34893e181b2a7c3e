"""What a running job has recognised so far, from checkpoints that the processor's code wrote."""

import json
from typing import Any

from runtime.core.codec import encode
from runtime.core.contract import Stage, work_prefix
from runtime.core.jobs import Job
from runtime.core.media import Word
from runtime.processor.checkpoints.increments import StoredIncrements
from runtime.processor.stages.transcribe import _Window
from tests.unit.api.world import BUCKET, World

RATE = 16_000


def word(text: str, start: float) -> Word:
    return Word(start_seconds=start, end_seconds=start + 0.5, text=text, probability=0.9)


def store(world: World, job: Job, *windows: _Window, fingerprint: str = "any") -> None:
    increments = StoredIncrements(
        objects=world.objects,
        bucket=BUCKET,
        prefix=f"{work_prefix(job.job_id)}{Stage.TRANSCRIBE}/",
        stage=Stage.TRANSCRIBE,
        fingerprint=fingerprint,
        seconds_between_writes=0.0,
        clock=world.clock,
        log=world.log,
    )
    for window in windows[len(increments.done) :]:
        increments.add(json.dumps(encode(window)).encode())


def shown(world: World, job: Job) -> dict[str, Any]:
    path = f"/v1/jobs/{job.job_id}/transcript/partial"
    answer = world.client.get(path, headers=world.headers())
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


FIRST = _Window(
    end=30 * RATE,
    last_language="en",
    words=(word("Hello", 1.0), word("there.", 1.6), word("And", 29.0)),
)
SECOND = _Window(end=60 * RATE, last_language="en", words=(word("so", 31.0), word("on.", 31.5)))


def test_should_join_sentences_across_windows(world: World) -> None:
    job = world.job()
    assert shown(world, job) == {"sentences": [], "until_seconds": 0.0}
    store(world, job, FIRST)
    store(world, job, FIRST, SECOND)
    found = shown(world, job)
    assert [each["text"] for each in found["sentences"]] == ["Hello there.", "And so on."]
    assert found["sentences"][1]["start_seconds"] == 29.0
    assert found["until_seconds"] == 60.0


def test_should_not_mix_runs_with_different_options(world: World) -> None:
    job = world.job()
    store(world, job, FIRST, SECOND)
    # A run with other options writes over the first part alone so far.
    store(world, job, FIRST, fingerprint="other")
    assert shown(world, job)["until_seconds"] == 30.0


def test_should_show_nothing_of_a_damaged_part(world: World) -> None:
    job = world.job()
    prefix = f"{work_prefix(job.job_id)}{Stage.TRANSCRIBE}/"
    for damaged in (b"", b"{}", b'{"fingerprint": "any", "sizes": [9]}\n[1, 2]'):
        world.objects.write_bytes(damaged, BUCKET, f"{prefix}0000000", "any")
        assert shown(world, job) == {"sentences": [], "until_seconds": 0.0}
