"""The issuer's endpoints: discovery, keys, authorization, token, end of session."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local.issuer.sign_in import LOOPBACK, SignInError, SignIns
from local.issuer.signer import TOKEN_SECONDS, Signer

ADMIN_GROUP = "admin"
EMAIL_DOMAIN = "example.test"
SCOPES = ("openid", "email", "profile", "offline_access")
MAX_FORM_BYTES = 10_000


def create_app(signer: Signer, sign_ins: SignIns, *, admin: str) -> Starlette:
    """Return the application; the user `admin` is in the group of admins."""

    def discovery(_request: Request) -> Response:
        issuer = signer.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "end_session_endpoint": f"{issuer}/logout",
                "jwks_uri": f"{issuer}/jwks.json",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": SCOPES,
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
            }
        )

    def keys(_request: Request) -> Response:
        return JSONResponse(signer.key_set())

    def authorize(request: Request) -> Response:
        try:
            return RedirectResponse(sign_ins.authorize(request.query_params), 302)
        except SignInError as error:
            return JSONResponse({"error": str(error)}, 400)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body())[:MAX_FORM_BYTES].decode()))
        try:
            grant, refresh = sign_ins.redeem(form)
        except SignInError as error:
            return JSONResponse({"error": str(error)}, 400)
        groups = [ADMIN_GROUP] if grant.subject == admin else []
        email = f"{grant.subject}@{EMAIL_DOMAIN}"
        access = signer.token(grant.subject, audience=grant.client_id, groups=groups, email=email)
        nonce: dict[str, Any] = {} if grant.nonce is None else {"nonce": grant.nonce}
        identity = signer.token(
            grant.subject, audience=grant.client_id, groups=groups, email=email, **nonce
        )
        return JSONResponse(
            {
                "access_token": access,
                "id_token": identity,
                "refresh_token": refresh,
                "token_type": "Bearer",
                "expires_in": int(TOKEN_SECONDS),
            },
            headers={"Cache-Control": "no-store"},
        )

    def logout(request: Request) -> Response:
        back = request.query_params.get("post_logout_redirect_uri", "")
        if urlsplit(back).hostname in LOOPBACK:
            return RedirectResponse(back, 302)
        return Response("Signed out.", media_type="text/plain")

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/jwks.json", keys),
            Route("/authorize", authorize),
            Route("/token", token, methods=["POST"]),
            Route("/logout", logout),
        ]
    )
