"""API keys of the caller: made once, listed without their secret, revoked."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from runtime.api.access import Parts, Reader, Writer
from runtime.api.auth.api_keys import MAX_KEYS, key_fields
from runtime.api.identity import Caller, Scope
from runtime.api.models import Page, RequestBody
from runtime.api.problems import ProblemError, conflict, not_found

# Without idempotency keys, whose kept answer would hold the secret.
router = APIRouter(prefix="/v1/keys", tags=["keys"])

DAY_SECONDS = 86_400.0
MAX_DAYS = 730


class NewKey(RequestBody):
    """A key to be made; its scopes are among the caller's own."""

    name: str = Field(min_length=1, max_length=100)
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    expires_in_days: int | None = Field(default=None, ge=1, le=MAX_DAYS)


class KeyModel(BaseModel):
    """A key without its secret; times are seconds since the epoch."""

    key_id: str
    name: str
    scopes: list[Scope]
    created_at: float
    expires_at: float | None
    last_used_at: float | None


class MadeKey(KeyModel):
    """A new key; `key` is shown this one time."""

    key: str


@router.get("")
def list_keys(services: Parts, caller: Reader) -> Page[KeyModel]:
    """Return the caller's keys, the newest first."""
    keys = services.api_keys.of_owner(caller.owner)
    return Page(items=[KeyModel(**key_fields(key)) for key in keys])


@router.post("", status_code=201)
def make_key(services: Parts, caller: Writer, new: NewKey) -> MadeKey:
    """Make a key; a key cannot make another, so that a leaked one ends with its revocation."""
    _require_person(caller)
    wider = [scope for scope in new.scopes if not caller.may(scope)]
    if wider:
        raise ProblemError(
            403,
            "auth.forbidden",
            f"You have not the scope {', '.join(wider)} yourself.",
            "Ask for fewer scopes.",
        )
    if len(services.api_keys.of_owner(caller.owner)) >= MAX_KEYS:
        raise conflict(f"You have {MAX_KEYS} keys.", "Revoke one of them first.")
    days = new.expires_in_days
    key, text = services.api_keys.make(
        owner=caller.owner,
        name=new.name,
        scopes=new.scopes,
        expires_at=None if days is None else services.clock.now() + days * DAY_SECONDS,
    )
    return MadeKey(key=text, **key_fields(key))


@router.delete("/{key_id}", status_code=204, response_class=Response)
def revoke_key(services: Parts, caller: Writer, key_id: str) -> None:
    """Revoke a key; it counts nowhere any more after ten seconds at the latest."""
    _require_person(caller)
    if not services.api_keys.revoke(caller.owner, key_id):
        raise not_found("key")


def _require_person(caller: Caller) -> None:
    if caller.key_id is not None:
        raise ProblemError(
            403, "auth.forbidden", "A key manages no keys.", "Use a token of a signed-in person."
        )
