"""A service whose requests start jobs; start it with `uvicorn starlette_app:app`."""

import asyncio
import time

from scale_in_guard import Guard, service
from scale_in_guard.bridges.starlette import health, lifespan
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

active: set[object] = set()


async def start(request: Request) -> JSONResponse:
    job = object()
    active.add(job)
    protection = request.state.protection
    if not await asyncio.to_thread(protection.manage):
        active.discard(job)
        return JSONResponse({"error": "no protection, try again"}, 503)

    async def work() -> None:
        print("begin", time.time(), flush=True)
        await asyncio.sleep(0.05)  # the work
        print("end", time.time(), flush=True)
        active.discard(job)
        await asyncio.to_thread(protection.manage)

    return JSONResponse({"active": len(active)}, 202, background=BackgroundTask(work))


app = Starlette(
    routes=[Route("/jobs", start, methods=["POST"]), Route("/health", health)],
    lifespan=lifespan(Guard(policy=service()), lambda: len(active)),
)
