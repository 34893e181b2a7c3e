"""Who calls and what they may: decided from verified claims or a stored key, without I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runtime.core.submission import MAX_OWNER_CHARACTERS


class Scope(StrEnum):
    """What a caller may do; `admin` also covers other owners' jobs and the pools."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


PERSON = frozenset({Scope.READ, Scope.WRITE})
"""The scopes of a signed-in person whose token names none of ours."""

_GROUP_CLAIMS = ("cognito:groups", "groups", "roles")
_SCOPE_PREFIX = "lifestream/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The verified caller of a request; `key_id` is set where an API key was used.

    `action` is what it does, as the log of reads names it.
    """

    owner: str
    scopes: frozenset[Scope]
    email: str | None = None
    key_id: str | None = None
    action: str = ""

    @property
    def admin(self) -> bool:
        """Whether it may do everything."""
        return Scope.ADMIN in self.scopes

    @property
    def rate_key(self) -> str:
        """What its rate limit is counted by."""
        return f"key:{self.key_id}" if self.key_id else f"owner:{self.owner}"

    def may(self, scope: Scope) -> bool:
        """Return whether a scope is granted; an admin has all."""
        return scope in self.scopes or self.admin


def caller_of_claims(claims: Mapping[str, Any], *, admin_group: str) -> Caller | None:
    """Return the caller of a verified token, or None without a usable subject.

    Scopes of ours (`lifestream/read`) restrict a token; one without them is a person's and may read
    and write. Only the group makes an admin.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_OWNER_CHARACTERS:
        return None
    named = frozenset(
        Scope(text.removeprefix(_SCOPE_PREFIX))
        for text in _words(claims.get("scope"))
        if text.startswith(_SCOPE_PREFIX)
        and text.removeprefix(_SCOPE_PREFIX) in {Scope.READ, Scope.WRITE}
    )
    groups = {group for claim in _GROUP_CLAIMS for group in _words(claims.get(claim))}
    scopes = named or PERSON
    if admin_group in groups and not named:
        scopes = scopes | {Scope.ADMIN}
    email = claims.get("email")
    return Caller(owner=subject, scopes=scopes, email=email if isinstance(email, str) else None)


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    return []
