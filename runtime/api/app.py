"""The application: routes over `Services`, with problems for errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute

from runtime.api import openapi, problems
from runtime.api.middleware import Surroundings
from runtime.api.problems import Problem
from runtime.api.request_id import HEADER
from runtime.api.routes import (
    dead_letters,
    edits,
    erasures,
    events,
    imports,
    jobs,
    keys,
    meta,
    operations,
    pools,
    results,
    revisions,
    uploads,
    voices,
    webhooks,
)
from runtime.api.services import Services
from runtime.core.contract import VERSION

ROUTERS = (
    meta.router,
    jobs.router,
    edits.router,
    revisions.router,
    erasures.router,
    uploads.router,
    results.router,
    events.router,
    imports.router,
    keys.router,
    pools.router,
    operations.router,
    dead_letters.router,
    webhooks.router,
    voices.router,
)

DESCRIPTION = """\
Upload a recording; get back who said what, scenes, chapters and a cited summary.

Send `Authorization: Bearer <OIDC token>` or `X-Api-Key: <key>`. Errors are
`application/problem+json` with a stable `code` and a `remedy`.
"""


def create_app(services: Services) -> FastAPI:
    """Return the application; its lifespan starts and stops the services' threads."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        for start in services.starts:
            start()
        try:
            yield
        finally:
            for stop in services.stops:
                stop()

    app = FastAPI(
        title="Lifestream",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
        separate_input_output_schemas=False,
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app, services.log)
    openapi.install(app)
    if services.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "Last-Event-ID",
            ],
            expose_headers=[HEADER, "Retry-After", "ETag"],
            max_age=600,
        )
    app.add_middleware(
        Surroundings, log=services.log, clock=services.clock, measures=services.measures
    )
    return app


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name
