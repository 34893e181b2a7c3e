"""The identity provider that the pages sign in with, in memory: one person, one client."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SUBJECT = "pages", "person-1"


class IdentityProvider:
    """OpenID Connect with PKCE below `url()`; `signed_out` counts the ends of sessions."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self.signed_out = 0
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, dict[str, str]] = {}

    def routes(self) -> list[Route]:
        """Return the routes of discovery, keys, sign-in and sign-out."""
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._jwks),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/end-session", self._end_session),
        ]

    async def _discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self._url(),
                "authorization_endpoint": f"{self._url()}/authorize",
                "token_endpoint": f"{self._url()}/token",
                "jwks_uri": f"{self._url()}/keys",
                "end_session_endpoint": f"{self._url()}/end-session",
            }
        )

    async def _jwks(self, _: Request) -> Response:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return JSONResponse({"keys": [{**key, "kid": "test", "use": "sig", "alg": "RS256"}]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["code_challenge_method"] == "S256"
        code = hashlib.sha256(asked["state"].encode()).hexdigest()
        self._codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 303)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self._codes.pop(str(form.get("code")), None)
        proof = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self._url(), "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 3600}
        identity = {**claims, "nonce": asked["nonce"], "email": "person@example.org"}
        tokens = {
            "access_token": self.signed(claims),
            "id_token": self.signed(identity),
            "expires_in": 3600,
            "token_type": "Bearer",
        }
        return JSONResponse(tokens)

    def signed(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims."""
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "test"})

    async def _end_session(self, request: Request) -> Response:
        self.signed_out += 1
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 303)
