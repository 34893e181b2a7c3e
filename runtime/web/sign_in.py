"""Sign-in by OpenID Connect: authorization code flow with PKCE (RFC 7636).

The state, the nonce and the code verifier of a sign-in are kept in a short-lived cookie that only
this server reads, so that the answer must come back to the browser that asked.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from runtime.web.sessions import SESSION_SECONDS, Session, digest, new_secret
from runtime.web.settings import WebSettings

CALLBACK = "/callback"
ALGORITHMS = ("RS256", "ES256")
CLOCK_SKEW_SECONDS = 60


class SignInError(Exception):
    """The sign-in cannot be completed; the message is for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in under way: what its answer must match, and where to go after it."""

    state: str
    nonce: str
    verifier: str
    then: str

    def to_cookie(self) -> str:
        """Return the attempt as a cookie's value."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def from_cookie(cls, value: str) -> "Attempt":
        """Return the attempt in a cookie; raise `SignInError` if there is none."""
        try:
            return cls(**json.loads(base64.urlsafe_b64decode(value)))
        except (ValueError, TypeError) as error:
            raise SignInError("The sign-in took too long, or cookies are blocked.") from error


def new_attempt(then: str) -> Attempt:
    """Return a fresh attempt; `then` must be a path of ours, else the first page is used."""
    ours = then.startswith("/") and not then.startswith(("//", "/\\"))
    return Attempt(
        state=new_secret(),
        nonce=new_secret(),
        verifier=new_secret(),
        then=then if ours else "/",
    )


class Provider:
    """The identity provider, found by its discovery document."""

    def __init__(self, settings: WebSettings, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._http = http
        self._metadata: dict[str, Any] | None = None
        self._keys: jwt.PyJWKSet | None = None

    async def sign_in_url(self, attempt: Attempt) -> str:
        """Return where to send the browser."""
        challenge = hashlib.sha256(attempt.verifier.encode()).digest()
        return await self._address(
            "authorization_endpoint",
            response_type="code",
            client_id=self._settings.client_id,
            redirect_uri=self._redirect_uri,
            scope=self._settings.scopes,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            code_challenge_method="S256",
        )

    async def sign_out_url(self, session: Session) -> str | None:
        """Return where the provider ends its own session, if it has such a page."""
        if "end_session_endpoint" not in await self._discover():
            return None
        return await self._address(
            "end_session_endpoint",
            client_id=self._settings.client_id,
            id_token_hint=session.id_token,
            post_logout_redirect_uri=f"{self._settings.public_url}/signed-out",
        )

    async def complete(
        self, attempt: Attempt, answer: Mapping[str, str], now: float
    ) -> tuple[str, Session]:
        """Return the new cookie's value and the session; raise `SignInError`."""
        if answer.get("error"):
            raise SignInError(answer.get("error_description") or f"Refused: {answer['error']}.")
        if answer.get("state") != attempt.state:
            raise SignInError("The answer belongs to another sign-in.")
        tokens = await self._tokens(
            grant_type="authorization_code",
            code=answer.get("code", ""),
            redirect_uri=self._redirect_uri,
            code_verifier=attempt.verifier,
        )
        claims = await self._verified(str(tokens.get("id_token", "")))
        if claims.get("nonce") != attempt.nonce:
            raise SignInError("The identity belongs to another sign-in.")
        secret = new_secret()
        return secret, Session(
            key=digest(secret),
            subject=str(claims["sub"]),
            name=str(claims.get("email") or claims.get("name") or claims["sub"]),
            access_token=str(tokens["access_token"]),
            id_token=str(tokens["id_token"]),
            refresh_token=tokens.get("refresh_token"),
            csrf=new_secret(),
            token_expires_at=now + float(tokens.get("expires_in", 3600)),
            expires_at=now + SESSION_SECONDS,
        )

    async def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """Return new tokens; raise `SignInError` without a token or if the provider refuses."""
        if not refresh_token:
            raise SignInError("The sign-in has ended.")
        return await self._tokens(grant_type="refresh_token", refresh_token=refresh_token)

    @property
    def _redirect_uri(self) -> str:
        return f"{self._settings.public_url}{CALLBACK}"

    async def _address(self, endpoint: str, **params: str) -> str:
        address = str((await self._discover())[endpoint])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(params)}"

    async def _tokens(self, **form: str) -> dict[str, Any]:
        form["client_id"] = self._settings.client_id
        if self._settings.client_secret:
            form["client_secret"] = self._settings.client_secret
        endpoint = str((await self._discover())["token_endpoint"])
        try:
            answer = await self._http.post(endpoint, data=form)
        except httpx.HTTPError as error:
            raise SignInError("The identity provider does not answer.") from error
        if answer.is_error:
            raise SignInError("The identity provider refused the sign-in. Please try again.")
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._settings.client_id,
                issuer=(await self._discover())["issuer"],
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise SignInError("The identity provider's answer is not valid.") from error
        return claims

    async def _key(self, kid: str | None) -> Any:
        """Return the provider's signing key; unknown names are looked up again, once."""
        for _ in range(2):
            if self._keys is None:
                address = str((await self._discover())["jwks_uri"])
                self._keys = jwt.PyJWKSet.from_dict(await self._json(address))
            for key in self._keys.keys:
                if kid in (None, key.key_id):
                    return key.key
            self._keys = None
        raise jwt.InvalidKeyError(f"no key {kid}")

    async def _discover(self) -> dict[str, Any]:
        if self._metadata is None:
            issuer = self._settings.issuer
            metadata = await self._json(f"{issuer}/.well-known/openid-configuration")
            if str(metadata.get("issuer", "")).rstrip("/") != issuer:
                raise SignInError("The identity provider calls itself by another name.")
            self._metadata = metadata
        return self._metadata

    async def _json(self, address: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(address)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise SignInError("The identity provider does not answer.") from error
        document: dict[str, Any] = answer.json()
        return document
