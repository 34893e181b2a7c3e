"""What every page has at hand: settings, assets, templates, the sign-in and the API."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from runtime.core.clock import WallClock
from runtime.core.log import Log
from runtime.core.recent import Recent
from runtime.web.api_client import ApiClient, ApiError
from runtime.web.assets import Assets
from runtime.web.security import refuse_forged
from runtime.web.sessions import Session, SessionStore, digest
from runtime.web.settings import WebSettings
from runtime.web.sign_in import Provider, SignInError
from runtime.web.view import words
from runtime.web.view.recording import Recording

REFRESH_BEFORE_SECONDS = 60.0
SAFE_METHODS = ("GET", "HEAD")
THEMES = ("light", "dark")
RECENT_RECORDINGS = 12
"""Kept as they were read: reading six hours of words takes a third of a second."""

Page = Callable[["Visit"], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def _harmless(value: Any) -> Any:
    """Return what a template inserts, without control characters and overrides of direction."""
    return words.clean(value) if type(value) is str else value


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=words.clock,
        duration=words.length,
        size=words.size,
        clean=words.clean,
        iso=words.iso,
        day=words.day,
    )
    return environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The parts of the server."""

    settings: WebSettings
    assets: Assets
    sessions: SessionStore
    provider: Provider
    http: httpx.AsyncClient
    clock: WallClock
    log: Log
    recent: Recent[Hashable, Recording] = field(default_factory=lambda: Recent(RECENT_RECORDINGS))
    templates: Environment = field(default_factory=_templates)

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers bind a `__Host-` cookie to HTTPS and this host."""
        return "__Host-session" if self.settings.secure else "session"

    async def session_of(self, request: Request) -> Session | None:
        """Return the session of a request, with a token that is valid for a while yet."""
        secret = request.cookies.get(self.cookie)
        if not secret:
            return None
        now = self.clock.now()
        session = await asyncio.to_thread(self.sessions.get, digest(secret), now)
        if session is None or session.token_expires_at - now > REFRESH_BEFORE_SECONDS:
            return session
        return await self._refreshed(session, now)

    async def _refreshed(self, session: Session, now: float) -> Session | None:
        try:
            tokens = await self.provider.refresh(session.refresh_token or "")
        except SignInError:
            if session.token_expires_at > now:
                return session
            await asyncio.to_thread(self.sessions.delete, session.key)
            return None
        renewed = replace(
            session,
            access_token=str(tokens["access_token"]),
            refresh_token=tokens.get("refresh_token") or session.refresh_token,
            token_expires_at=now + float(tokens.get("expires_in", 3600)),
        )
        await asyncio.to_thread(self.sessions.put, renewed)
        return renewed

    def page(self, handle: Page) -> Endpoint:
        """Return the endpoint of a page for signed-in people; changes must not be forged."""

        async def endpoint(request: Request) -> Response:
            session = await self.session_of(request)
            if session is None:
                return self._to_sign_in(request)
            if request.method not in SAFE_METHODS:
                await refuse_forged(request, session, self.settings)
            api = ApiClient(self.http, session.access_token)
            visit = Visit(site=self, request=request, session=session, api=api)
            try:
                return await handle(visit)
            except ApiError as error:
                if error.status == HTTPStatus.UNAUTHORIZED:
                    await asyncio.to_thread(self.sessions.delete, session.key)
                    return self._to_sign_in(request)
                raise

        return endpoint

    def render(
        self, name: str, *, status: int = 200, request: Request, **values: Any
    ) -> HTMLResponse:
        """Return a page from a template."""
        theme = request.cookies.get("theme")
        shared = {
            "assets": self.assets,
            "words": words,
            "path": request.url.path,
            "theme": theme if theme in THEMES else None,
            "session": None,
        }
        html = self.templates.get_template(name).render({**shared, **values})
        return HTMLResponse(html, status_code=status)

    def _to_sign_in(self, request: Request) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") and not is_fragment(request)
        if request.method in SAFE_METHODS and wants_page:
            then = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/sign-in?then={quote(then, safe='')}", status_code=303)
        return Response(status_code=401, headers={"hx-redirect": "/"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a signed-in person."""

    site: Site
    request: Request
    session: Session
    api: ApiClient

    @property
    def job_id(self) -> str:
        """The job that the address names, safe to put into a path."""
        return quote(str(self.request.path_params["job_id"]), safe="")

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.site.clock.now()

    def render(self, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page from a template, with who is signed in."""
        return self.site.render(
            name, status=status, request=self.request, session=self.session, **values
        )


def is_fragment(request: Request) -> bool:
    """Return whether a script asks for a part of a page."""
    return request.headers.get("hx-request") == "true"
