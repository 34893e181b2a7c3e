"""Live progress: Server-Sent Events and WebSocket, of one job or of all of one's jobs."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from runtime.api.access import Parts, Reader, own_job, require
from runtime.api.identity import Caller, Scope
from runtime.api.live.hub import Hub, TooManyWatchersError
from runtime.api.live.stream import HEARTBEAT_SECONDS, Event, job_events, owner_events, with_facts
from runtime.api.problems import ProblemError
from runtime.api.services import Services
from runtime.core.jobs import Job

router = APIRouter(prefix="/v1", tags=["events"])

RETRY_MILLISECONDS = 2000
SEND_TIMEOUT_SECONDS = 30.0
"""How long a reader may take nothing before its stream is ended."""

SHUTDOWN_SECONDS = 5.0
"""How long a stream has to end by itself when the process does; the hub ends it at once."""

REPLAY_SECONDS = 3600.0
"""How far back changes are read; after a longer absence the newest jobs come whole."""

REPLAYED_JOBS = 100
EVENT_NAME = "job"
TOKEN_PROTOCOL = "bearer."  # noqa: S105 - the beginning of a name
NORMAL, GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013

LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Events named `job`."}
}


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse, responses=_STREAM)
async def job_stream(
    services: Parts, caller: Reader, job_id: str, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """Stream a job's changes until it has ended."""
    await run_in_threadpool(own_job, services, caller, job_id)
    return _response(_of_job(services, job_id, _number(last_event_id)))


@router.get("/events", response_class=EventSourceResponse, responses=_STREAM)
async def owner_stream(
    services: Parts, caller: Reader, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """Stream the changes of all of the caller's jobs."""
    return _response(_of_owner(services, caller, _number(last_event_id)))


@router.websocket("/ws")
async def socket(websocket: WebSocket) -> None:
    """Send the same events as JSON; the token may be the subprotocol `bearer.<token>`."""
    services: Services = websocket.app.state.services
    offered: list[str] = websocket.scope.get("subprotocols", [])
    try:
        events = await _socket_events(websocket, services, offered)
    except ProblemError as error:
        await websocket.accept(subprotocol=_chosen(offered))
        await websocket.close(POLICY_VIOLATION, error.code)
        return
    await websocket.accept(subprotocol=_chosen(offered))
    with services.measures.socket():
        sending = asyncio.create_task(_send_all(websocket, events))
        try:
            await _until_disconnected(websocket, sending)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


async def _socket_events(
    websocket: WebSocket, services: Services, offered: list[str]
) -> AsyncIterator[Event]:
    token = next((n for n in offered if n.startswith(TOKEN_PROTOCOL)), None)
    caller = await services.authenticator.caller(
        websocket.headers, token=token and token.removeprefix(TOKEN_PROTOCOL)
    )
    await services.rate_limits.count(caller.rate_key)
    services.measures.seen(caller.rate_key)
    require(caller, Scope.READ)
    last = _number(websocket.query_params.get("last_event_id"))
    job_id = websocket.query_params.get("job_id")
    if job_id is None:
        return _of_owner(services, caller, last)
    await run_in_threadpool(own_job, services, caller, job_id)
    return _of_job(services, job_id, last)


async def _until_disconnected(websocket: WebSocket, sending: asyncio.Task[None]) -> None:
    """Read and drop what the client sends, until either side ends."""
    while not sending.done():
        receiving = asyncio.create_task(websocket.receive())
        await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not receiving.done():
            receiving.cancel()
            return
        if receiving.result()["type"] == "websocket.disconnect":
            return


async def _send_all(websocket: WebSocket, events: AsyncIterator[Event]) -> None:
    """Send events until their end; a reader that takes none for long is left."""
    code = GOING_AWAY
    try:
        async for event in events:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await websocket.send_text(json.dumps(_message(event)))
        code = NORMAL
    except TooManyWatchersError:
        code = TRY_AGAIN_LATER
    except TimeoutError:
        code = POLICY_VIOLATION
    except (WebSocketDisconnect, RuntimeError):
        return
    with suppress(RuntimeError):
        await websocket.close(code)


def _message(event: Event) -> dict[str, Any]:
    if event.job is None:
        return {"id": "", "event": "heartbeat", "data": {}}
    return {"id": event.event_id, "event": EVENT_NAME, "data": event.data()}


def _chosen(offered: list[str]) -> str | None:
    """Return the subprotocol to answer with: not the token, where the client offers another."""
    return next((n for n in offered if not n.startswith(TOKEN_PROTOCOL)), None) or next(
        iter(offered), None
    )


def _response(events: AsyncIterator[Event]) -> EventSourceResponse:
    async def lines() -> AsyncIterator[ServerSentEvent]:
        try:
            async for event in events:
                yield _line(event)
        except TooManyWatchersError:
            # The client tries again, by then perhaps at another instance.
            yield ServerSentEvent(comment="too many watchers", retry=10 * RETRY_MILLISECONDS)

    return EventSourceResponse(
        lines(),
        ping=int(10 * HEARTBEAT_SECONDS),  # the stream has heartbeats of its own
        send_timeout=SEND_TIMEOUT_SECONDS,
        shutdown_grace_period=SHUTDOWN_SECONDS,
    )


def _line(event: Event) -> ServerSentEvent:
    if event.job is None:
        return ServerSentEvent(comment="heartbeat")
    return ServerSentEvent(
        json.dumps(event.data()), event=EVENT_NAME, id=event.event_id, retry=RETRY_MILLISECONDS
    )


def _of_job(services: Services, job_id: str, last: int | None) -> AsyncIterator[Event]:
    events = job_events(
        _hub(services), lambda: services.jobs.get(job_id), job_id=job_id, last_event_id=last
    )
    return with_facts(events, services.facts)


def _of_owner(services: Services, caller: Caller, last: int | None) -> AsyncIterator[Event]:
    def since(when: float) -> Iterable[Job]:
        if when < services.clock.now() - REPLAY_SECONDS:
            return services.listing.of_owner(caller.owner, limit=REPLAYED_JOBS).jobs
        changed = services.listing.changed_since(when)
        return [job for job in changed if job.submission.owner == caller.owner]

    events = owner_events(_hub(services), since, owner=caller.owner, last_event_id=last)
    return with_facts(events, services.facts)


def _hub(services: Services) -> Hub:
    if services.hub is None:
        raise ProblemError(
            501,
            "events.unavailable",
            "This deployment keeps no connections open.",
            "Ask for the job every few seconds; see `features` of GET /.",
        )
    return services.hub


def _number(last_event_id: str | None) -> int | None:
    """Return the number of an event id; what is none counts as not given."""
    given = last_event_id or ""
    return int(given) if given.isascii() and given.isdecimal() else None
