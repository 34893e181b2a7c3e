"""Headers of every answer, and the refusal of forged requests."""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.web.sessions import Session
from runtime.web.settings import WebSettings

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"
TRUSTED_SITES = ("same-origin", "none")


class ForgedRequestError(Exception):
    """A request that changes something does not come from our own pages."""


def content_policy(settings: WebSettings) -> str:
    """Return the content security policy: our own files, and media and uploads in the bucket."""
    own = ("'self'",)
    media = (*own, *settings.media_origins)
    rules: dict[str, Iterable[str]] = {
        "default-src": ("'none'",),
        "script-src": own,
        "style-src": own,
        "font-src": own,
        "img-src": (*media, "data:"),
        "media-src": (*media, "blob:"),
        "connect-src": media,
        "form-action": own if settings.secure else ("'self'", _origin(settings.issuer)),
        "frame-ancestors": ("'none'",),
        "base-uri": ("'none'",),
        "object-src": ("'none'",),
        "manifest-src": own,
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class SecurityHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": content_policy(settings),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": (
                "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
                "fullscreen=(self), picture-in-picture=(self), clipboard-write=(self)"
            ),
        }
        if settings.secure:
            self._headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add headers where the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


async def refuse_forged(request: Request, session: Session, settings: WebSettings) -> None:
    """Raise `ForgedRequestError` unless origin and token show that our own page sent this."""
    if not _same_origin(request.headers, settings):
        raise ForgedRequestError("the request comes from another site")
    token = request.headers.get(CSRF_HEADER)
    if token is None:
        token = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise ForgedRequestError("the request lacks the page's token")


def _same_origin(headers: Headers, settings: WebSettings) -> bool:
    if (site := headers.get("sec-fetch-site")) is not None and site not in TRUSTED_SITES:
        return False
    origin = headers.get("origin")
    return origin is None or origin == _origin(settings.public_url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
