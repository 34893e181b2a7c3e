"""Verifies an OIDC bearer token: signature, issuer, audience, times."""

from typing import Any

import jwt

from runtime.api.auth.issuer_keys import IssuerKeys
from runtime.api.identity import Caller, caller_of_claims
from runtime.core.clock import WallClock

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"})
"""Asymmetric ones only: with a shared secret, a verifier could also sign."""

_UNCHECKED: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub")}
LEEWAY_SECONDS = 30.0
MAX_CHARACTERS = 8192


class TokenRefusedError(Exception):
    """The token is not accepted; the text says why, for the log and not for the caller."""


class TokenVerifier:
    """Accepts tokens of one issuer. `audience` None accepts any; Cognito's `client_id` counts."""

    def __init__(
        self,
        *,
        keys: IssuerKeys,
        issuer: str,
        audience: str | None,
        admin_group: str,
        clock: WallClock,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._admin_group = admin_group
        self._clock = clock

    def quick(self, token: str) -> Caller | None:
        """Return the caller where the signing key is known, without any call; else None.

        Raise `TokenRefusedError`.
        """
        key = self._keys.known(_key_id(token))
        return None if key is None else self._verified(token, key)

    def verify(self, token: str) -> Caller:
        """Return the caller; raise `TokenRefusedError`, or `Retryable` without an issuer."""
        key = self._keys.find(_key_id(token))
        if key is None:
            raise TokenRefusedError("the issuer has no such key")
        return self._verified(token, key)

    def _verified(self, token: str, key: jwt.PyJWK) -> Caller:
        if key.algorithm_name not in ALGORITHMS:
            raise TokenRefusedError(f"{key.algorithm_name} is not accepted")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                # Times are checked below, by the clock of this process.
                options=_UNCHECKED,
            )
        except jwt.PyJWTError as error:
            raise TokenRefusedError(repr(error)) from error
        self._check(claims)
        caller = caller_of_claims(claims, admin_group=self._admin_group)
        if caller is None:
            raise TokenRefusedError("it has no subject")
        return caller

    def _check(self, claims: dict[str, Any]) -> None:
        if str(claims.get("iss", "")).rstrip("/") != self._issuer:
            raise TokenRefusedError("it is of another issuer")
        now = self._clock.now()
        expiry, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expiry, int | float) or now > expiry + LEEWAY_SECONDS:
            raise TokenRefusedError("it has expired")
        if not isinstance(not_before, int | float) or now < not_before - LEEWAY_SECONDS:
            raise TokenRefusedError("it is not valid yet")
        if self._audience is not None and self._audience not in _audiences(claims):
            raise TokenRefusedError("it is for another audience")


def _key_id(token: str) -> str:
    if len(token) > MAX_CHARACTERS:
        raise TokenRefusedError("it is too long")
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise TokenRefusedError("it is no token") from error
    if not isinstance(key_id, str):
        raise TokenRefusedError("it names no key")
    return key_id


def _audiences(claims: dict[str, Any]) -> set[str]:
    given = claims.get("aud", [])
    several = given if isinstance(given, list) else [given]
    return {str(each) for each in [*several, claims.get("client_id")] if each}
