"""The code flow with PKCE (RFC 7636) without a form: decisions only."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from runtime.core.clock import WallClock

CODE_SECONDS = 60.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
METHOD = "S256"


class SignInError(Exception):
    """An OAuth error by its code, as in `invalid_grant`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code or a refresh token stands for."""

    client_id: str
    subject: str
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str | None = None
    expires_at: float


class SignIns:
    """Issues codes and refresh tokens, each usable once."""

    def __init__(self, *, clock: WallClock, subject: str, refresh_seconds: float) -> None:
        self._clock = clock
        self._subject = subject
        self._refresh_seconds = refresh_seconds
        self._codes: dict[str, Grant] = {}
        self._refreshes: dict[str, Grant] = {}

    def authorize(self, query: Mapping[str, str]) -> str:
        """Return where the browser goes, with a code; raise `SignInError`.

        `login_hint` names another user than the default one.
        """
        redirect = query.get("redirect_uri", "")
        if urlsplit(redirect).hostname not in LOOPBACK:
            raise SignInError("invalid_request")
        if query.get("response_type") != "code" or not query.get("client_id"):
            raise SignInError("unsupported_response_type")
        if query.get("code_challenge_method") != METHOD or not query.get("code_challenge"):
            raise SignInError("invalid_request")
        code = secrets.token_urlsafe(24)
        self._codes[code] = Grant(
            client_id=query["client_id"],
            subject=query.get("login_hint") or self._subject,
            redirect_uri=redirect,
            challenge=query["code_challenge"],
            nonce=query.get("nonce"),
            expires_at=self._clock.now() + CODE_SECONDS,
        )
        answer = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(answer)}"

    def redeem(self, form: Mapping[str, str]) -> tuple[Grant, str]:
        """Return the grant of a code or refresh token and the next refresh token.

        Raise `SignInError`.
        """
        match form.get("grant_type"):
            case "authorization_code":
                grant = self._codes.pop(form.get("code", ""), None)
                verifier = form.get("code_verifier", "")
                if grant is None or not hmac.compare_digest(challenge(verifier), grant.challenge):
                    raise SignInError("invalid_grant")
                if form.get("redirect_uri") != grant.redirect_uri:
                    raise SignInError("invalid_grant")
            case "refresh_token":
                grant = self._refreshes.pop(form.get("refresh_token", ""), None)
            case _:
                raise SignInError("unsupported_grant_type")
        if grant is None or self._clock.now() > grant.expires_at:
            raise SignInError("invalid_grant")
        refresh = secrets.token_urlsafe(24)
        self._refreshes[refresh] = Grant(
            client_id=grant.client_id,
            subject=grant.subject,
            expires_at=self._clock.now() + self._refresh_seconds,
        )
        return grant, refresh


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
