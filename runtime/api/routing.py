"""The route class of the API: POST requests with an `Idempotency-Key` are done once."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel

from runtime.api.idempotency import KeptAnswer
from runtime.api.services import Services
from runtime.core.service_ports import Record

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_FIRST_FAILURE = 500


def answer(model: BaseModel) -> Response:
    """Return a model as JSON; FastAPI would validate it once more, in another thread."""
    return Response(model.model_dump_json(), media_type="application/json")


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotentRoute(APIRoute):
    """Answers a repeated POST from the kept answer of the first one."""

    def get_route_handler(self) -> Handler:
        """Return the handler with the key's record around it."""
        handle = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handle

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await handle(request)
            services: Services = request.app.state.services
            caller = await services.authenticator.caller(request.headers)
            body = await request.body()
            begun = await run_in_threadpool(
                services.idempotency.begin, caller.owner, key, _identity(request, body)
            )
            if isinstance(begun, KeptAnswer):
                return Response(
                    begun.body,
                    status_code=begun.status,
                    media_type=begun.media_type,
                    headers={REPLAYED: "true"},
                )
            return await _first(services, begun, handle, request)

        return once


async def _first(services: Services, record: Record, handle: Handler, request: Request) -> Response:
    try:
        response = await handle(request)
    except BaseException:
        # A refused request has changed nothing and may be corrected under the same key.
        await run_in_threadpool(services.idempotency.forget, record)
        raise
    if response.status_code >= _FIRST_FAILURE:
        await run_in_threadpool(services.idempotency.forget, record)
        return response
    answer = KeptAnswer(
        status=response.status_code,
        body=bytes(response.body).decode(),
        media_type=response.headers.get("content-type", "application/json"),
    )
    await run_in_threadpool(services.idempotency.finish, record, answer)
    return response


def _identity(request: Request, body: bytes) -> bytes:
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
