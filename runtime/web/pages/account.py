"""Signing in and out."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.sessions import SESSION_SECONDS
from runtime.web.sign_in import CALLBACK, Attempt, SignInError, new_attempt
from runtime.web.site import Site, Visit

ATTEMPT_COOKIE = "sign-in"
ATTEMPT_SECONDS = 600


def routes(site: Site) -> list[Route]:
    """Return the routes of signing in and out."""

    async def sign_in(request: Request) -> Response:
        attempt = new_attempt(request.query_params.get("then", "/"))
        try:
            address = await site.provider.sign_in_url(attempt)
        except SignInError as error:
            return _failed(site, request, error)
        answer = RedirectResponse(address, status_code=303)
        answer.set_cookie(
            ATTEMPT_COOKIE,
            attempt.to_cookie(),
            max_age=ATTEMPT_SECONDS,
            path=CALLBACK,
            httponly=True,
            samesite="lax",
            secure=site.settings.secure,
        )
        return answer

    async def callback(request: Request) -> Response:
        try:
            attempt = Attempt.from_cookie(request.cookies.get(ATTEMPT_COOKIE, ""))
            secret, session = await site.provider.complete(
                attempt, request.query_params, site.clock.now()
            )
        except SignInError as error:
            return _failed(site, request, error)
        await asyncio.to_thread(site.sessions.put, session)
        site.log.info("signed_in")
        answer = RedirectResponse(attempt.then, status_code=303)
        answer.delete_cookie(ATTEMPT_COOKIE, path=CALLBACK)
        answer.set_cookie(
            site.cookie,
            secret,
            max_age=int(SESSION_SECONDS),
            httponly=True,
            samesite="lax",
            secure=site.settings.secure,
        )
        return answer

    async def sign_out(visit: Visit) -> Response:
        if (await visit.request.form()).get("everywhere"):
            await asyncio.to_thread(site.sessions.delete_all, visit.session.subject)
        await asyncio.to_thread(site.sessions.delete, visit.session.key)
        site.log.info("signed_out")
        address = await _provider_sign_out(visit) or "/signed-out"
        answer = RedirectResponse(address, status_code=303)
        answer.delete_cookie(site.cookie, secure=site.settings.secure, httponly=True)
        return answer

    async def _provider_sign_out(visit: Visit) -> str | None:
        try:
            return await site.provider.sign_out_url(visit.session)
        except SignInError:
            return None

    async def signed_out(request: Request) -> Response:
        return site.render("signed_out.html", request=request)

    return [
        Route("/sign-in", sign_in),
        Route(CALLBACK, callback),
        Route("/sign-out", site.page(sign_out), methods=["POST"]),
        Route("/signed-out", signed_out),
    ]


def _failed(site: Site, request: Request, error: SignInError) -> Response:
    site.log.warning("sign_in_failed", reason=str(error))
    return site.render(
        "error.html",
        request=request,
        status=400,
        title="You are not signed in",
        detail=str(error),
        remedy="",
        link=("/sign-in", "Sign in again"),
    )
