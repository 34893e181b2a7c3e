"""Finds the caller of a request by its headers, and refuses one that is unknown."""

from collections.abc import Mapping

from fastapi.concurrency import run_in_threadpool

from runtime.api.auth.api_keys import ApiKeys
from runtime.api.auth.tokens import TokenRefusedError, TokenVerifier
from runtime.api.identity import Caller
from runtime.api.problems import ProblemError
from runtime.core.log import Log

BEARER = "bearer "
KEY_HEADER = "x-api-key"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="lifestream"'}


class Authenticator:
    """Verifies tokens and keys; what needs a call runs in a worker thread."""

    def __init__(self, *, tokens: TokenVerifier, keys: ApiKeys, log: Log) -> None:
        self._tokens = tokens
        self._keys = keys
        self._log = log

    async def caller(self, headers: Mapping[str, str], *, token: str | None = None) -> Caller:
        """Return the caller; raise `ProblemError` 401.

        `token` is one that came another way than by a header, as with a WebSocket.
        """
        given = headers.get("authorization", "")
        if given.lower().startswith(BEARER):
            token = given[len(BEARER) :].strip()
        key = headers.get(KEY_HEADER)
        if token and key:
            raise _refused("auth.ambiguous", "The request has a token and an API key.")
        if key:
            return await self._by_key(key)
        if token:
            return await self._by_token(token)
        raise _refused("auth.missing", "The request has neither a bearer token nor an API key.")

    async def _by_token(self, token: str) -> Caller:
        try:
            found = self._tokens.quick(token)
            if found is None:
                found = await run_in_threadpool(self._tokens.verify, token)
        except TokenRefusedError as error:
            self._log.info("auth.token_refused", reason=str(error))
            raise _refused("auth.invalid", "The bearer token is not accepted.") from error
        return found

    async def _by_key(self, key: str) -> Caller:
        found = self._keys.quick(key) or await run_in_threadpool(self._keys.verify, key)
        if found is None:
            self._log.info("auth.key_refused")
            raise _refused("auth.invalid", "The API key is not accepted.")
        return found


def _refused(code: str, detail: str) -> ProblemError:
    return ProblemError(
        401,
        code,
        detail,
        "Send `Authorization: Bearer <token>` or `X-Api-Key: <key>`.",
        headers=CHALLENGE,
    )
