"""At-least-once and unordered delivery at a size where luck does not help."""

import random

from runtime.core.jobs import State
from runtime.dispatcher.batch import failed_records
from tests.unit.dispatcher.world import (
    VISIBILITY_SECONDS,
    World,
    confirmation,
    no_resend,
    s3_event,
    sqs_batch,
)

EVENTS = 1_000
MESSAGES = 10_000
BATCH = 10


def test_should_launch_once_for_each_of_1000_events_delivered_10000_times_in_any_order() -> None:
    world = World()
    order = random.Random(20)  # noqa: S311 - a seed, so that a failure can be seen again
    keys = [f"uploads/{n}.mp4" for n in range(EVENTS)]
    for key in keys:
        world.upload(key, key.encode())
    queue = [s3_event(key) for key in keys]
    queue += [
        order.choice((s3_event, confirmation))(order.choice(keys)) for _ in range(MESSAGES - EVENTS)
    ]
    receives = 0
    while queue:
        receives += 1
        assert receives <= 5, f"{len(queue)} messages would be dead"
        order.shuffle(queue)
        queue = [body for at in range(0, len(queue), BATCH) for body in _rest(world, queue, at)]
        world.clock.advance(VISIBILITY_SECONDS)
    assert sorted(world.launcher.started) == sorted((job_id, 1) for job_id in world.jobs.jobs)
    assert len(world.launcher.started) == EVENTS
    assert {job.state for job in world.jobs.jobs.values()} <= {State.CLAIMED, State.LAUNCHED}


def _rest(world: World, queue: list[str], at: int) -> list[str]:
    records = sqs_batch(queue[at : at + BATCH])
    failed = failed_records(
        records,
        work=world.dispatcher.work,
        resend=no_resend,
        remaining_seconds=lambda: 20.0,
        telemetry=world.telemetry,
    )
    return [record["body"] for record in records if record["messageId"] in failed]
