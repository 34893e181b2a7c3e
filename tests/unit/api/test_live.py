"""Live progress: nothing is lost between reading and watching, and slow readers are bounded."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from runtime.api.live import hub as hub_module
from runtime.api.live.changes import OVERLAP_SECONDS, SeenJobs, event_id, is_newer
from runtime.api.live.stream import Event, job_events, owner_events
from runtime.core.jobs import Job, State, fail, report, succeed
from runtime.core.jobs.job import Failure
from tests.unit.api.world import OWNER, STRANGER, World

ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


def advance(world: World, job: Job, progress: float) -> Job:
    world.clock.advance(1)
    after = report(job, now=world.clock.now(), stage="transcribe", progress=progress)
    world.jobs.save(job, after)
    return after


def finish(world: World, job: Job) -> Job:
    world.clock.advance(1)
    after = succeed(job, now=world.clock.now(), result_key="any")
    world.jobs.save(job, after)
    return after


def run(steps: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(120):
            return await steps()

    return asyncio.run(bounded())


async def polled(world: World) -> None:
    """Poll once, as the thread does, and let what it offers arrive."""
    world.hub.poll()
    await asyncio.sleep(0)


def test_should_show_each_change_and_end_with_the_job(world: World) -> None:
    job = world.job()

    async def steps() -> list[float]:
        seen = []
        stream = job_events(
            world.hub, lambda: world.jobs.get(job.job_id), job_id=job.job_id, last_event_id=None
        )
        current = job
        async for event in stream:
            assert event.job is not None
            seen.append(event.job.progress)
            current = (
                (advance(world, current, 0.5) if len(seen) == 1 else finish(world, current))
                if not event.job.ended
                else current
            )
            await polled(world)
        return seen

    assert run(steps) == [0.0, 0.5, 1.0]
    assert world.hub.watchers == 0


def test_should_lose_no_change_between_two_connections(world: World) -> None:
    job = world.job()
    last = event_id(job)
    for progress in (0.1, 0.2):
        job = advance(world, job, progress)
    other = world.job("other.mp4", owner=STRANGER)

    async def steps() -> list[Event]:
        stream = owner_events(
            world.hub, world.listing.changed_since, owner=OWNER, last_event_id=last
        )
        missed = await anext(stream)
        await polled(world)
        repeated = await anext(stream)
        assert repeated == missed
        current = advance(world, job, 0.3)
        advance(world, other, 0.9)
        await polled(world)
        new = await anext(stream)
        await stream.aclose()
        assert new.job == current
        return [missed, new]

    missed, new = run(steps)
    assert missed.job == job
    assert int(missed.event_id) < int(new.event_id)
    assert json.loads(json.dumps(new.data()))["progress"] == 0.3


def test_should_give_a_reader_who_has_the_last_state_only_what_is_new(world: World) -> None:
    job = world.job()

    async def steps() -> Job | None:
        stream = job_events(
            world.hub,
            lambda: world.jobs.get(job.job_id),
            job_id=job.job_id,
            last_event_id=event_id(job),
        )
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        current = advance(world, job, 0.5)
        await polled(world)
        event = await waiting
        await stream.aclose()
        assert event.job == current
        return event.job

    assert run(steps) is not None


def test_should_hold_one_state_of_each_job_for_a_slow_reader(world: World) -> None:
    async def steps() -> list[Job]:
        watcher = world.hub.watch(lambda _job: True)
        jobs = [world.job(f"{n}.mp4") for n in range(hub_module.BUFFERED_JOBS + 3)]
        for progress in (0.1, 0.2):
            jobs[3:] = [advance(world, job, progress) for job in jobs[3:]]
            await polled(world)
        await asyncio.sleep(0)
        got = []
        while (found := await watcher.next(0.0)) is not None:
            got.append(found)
        return got

    got = run(steps)
    assert len(got) == hub_module.BUFFERED_JOBS
    assert {job.progress for job in got} == {0.2}


def test_should_send_a_heartbeat_while_nothing_changes(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("runtime.api.live.stream.HEARTBEAT_SECONDS", 0.01)

    async def steps() -> Event:
        stream = owner_events(world.hub, lambda _: [], owner=OWNER, last_event_id=None)
        event = await anext(stream)
        await stream.aclose()
        return event

    assert run(steps) == Event()


def test_should_find_a_change_that_the_index_shows_late(world: World) -> None:
    job = world.job()
    seen = SeenJobs()
    since = world.clock.now() - OVERLAP_SECONDS
    assert seen.news([job], since=since) == [job]
    late = report(job, now=job.updated_at + 1, stage="fetch", progress=0.1)
    assert seen.news([job], since=since) == []
    assert seen.news([late, job], since=since) == [late]
    assert seen.news([job], since=since) == []


def test_should_know_the_later_state_of_a_job(world: World) -> None:
    job = world.job()
    same_time = fail(job, now=job.updated_at, failure=ANY_FAILURE)
    found = [is_newer(same_time, job), is_newer(job, same_time), is_newer(job, job)]
    assert found == [True, False, False]


def test_should_show_the_second_of_two_changes_at_the_same_time(world: World) -> None:
    running = world.job()
    claimed = replace(running, state=State.CLAIMED)
    seen = SeenJobs()
    since = world.clock.now() - OVERLAP_SECONDS
    assert seen.news([claimed], since=since) == [claimed]
    assert seen.news([running], since=since) == [running]
    assert seen.news([claimed], since=since) == []


def test_should_serve_a_socket_as_a_stream(world: World) -> None:
    job = world.job()
    finish(world, job)
    with world.client.websocket_connect(
        f"/v1/ws?job_id={job.job_id}", subprotocols=["lifestream", f"bearer.{world.token()}"]
    ) as socket:
        chosen: Any = socket.accepted_subprotocol
        message = socket.receive_json()
        closed = socket.receive()
    assert (chosen, message["event"], message["data"]["state"]) == (
        "lifestream",
        "job",
        "SUCCEEDED",
    )
    assert closed["code"] == 1000


def test_should_serve_a_stream_of_server_sent_events(world: World) -> None:
    job = world.job()
    done = finish(world, job)
    answer = world.client.get(f"/v1/jobs/{job.job_id}/events", headers=world.headers())
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.text.splitlines()
    assert f"id: {event_id(done)}" in lines
    assert "event: job" in lines
    data = next(line for line in lines if line.startswith("data: "))
    assert json.loads(data.removeprefix("data: "))["job_id"] == job.job_id
