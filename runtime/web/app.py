"""The server of the pages: routes, middleware and answers to errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runtime.core.clock import WallClock
from runtime.core.contract import VERSION
from runtime.core.log import Log
from runtime.web.api_client import ApiError
from runtime.web.assets import Assets
from runtime.web.pages import (
    account,
    corrections,
    data,
    home,
    operator,
    recording,
    selected,
    voices,
)
from runtime.web.security import ForgedRequestError, SecurityHeaders
from runtime.web.sessions import SessionStore
from runtime.web.settings import WebSettings
from runtime.web.sign_in import Provider
from runtime.web.site import Site

MINIMUM_COMPRESSED_BYTES = 1024


def create_app(
    settings: WebSettings, *, sessions: SessionStore, clock: WallClock, log: Log
) -> Starlette:
    """Return the server as an ASGI application."""
    http = httpx.AsyncClient(base_url=settings.api_url, timeout=30.0)
    site = Site(
        settings=settings,
        assets=Assets.read(settings.assets),
        sessions=sessions,
        provider=Provider(settings, http),
        http=http,
        clock=clock,
        log=log,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with http:
            yield

    async def failed(request: Request, error: Exception) -> Response:
        return _error_page(site, request, error)

    return Starlette(
        routes=[
            Route("/health", _health),
            Route("/robots.txt", _robots),
            Route("/assets/{name}", site.assets.serve),
            *account.routes(site),
            *home.routes(site),
            *data.routes(site),
            *operator.routes(site),
            *corrections.routes(site),
            *voices.routes(site),
            *selected.routes(site),
            *recording.routes(site),
        ],
        middleware=[
            Middleware(SecurityHeaders, settings=settings),
            Middleware(GZipMiddleware, minimum_size=MINIMUM_COMPRESSED_BYTES, compresslevel=5),
        ],
        exception_handlers={
            ApiError: failed,
            HTTPException: failed,
            ForgedRequestError: failed,
        },
        lifespan=lifespan,
    )


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "version": VERSION})


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _error_page(site: Site, request: Request, error: Exception) -> Response:
    """Return what went wrong as a page, with what to do about it."""
    status, title, detail, remedy = 500, "Something went wrong", "", ""
    if isinstance(error, ApiError):
        status, title, detail, remedy = error.status, error.title, error.detail, error.remedy
    elif isinstance(error, ForgedRequestError):
        status, title = 403, "This request was refused"
        detail, remedy = f"{error}.".capitalize(), "Load the page again and repeat what you did."
    elif isinstance(error, HTTPException):
        status = error.status_code
    if status == HTTPStatus.NOT_FOUND:
        title, detail = "There is nothing here", "It was deleted, or it belongs to someone else."
    site.log.warning("page_refused", status=status, path=request.url.path)
    if request.url.path.startswith(("/data/", "/assets/")):
        return JSONResponse({"title": title, "detail": detail, "remedy": remedy}, status)
    return site.render(
        "error.html",
        request=request,
        status=status,
        title=title,
        detail=detail,
        remedy=remedy,
        link=("/", "All recordings"),
    )
