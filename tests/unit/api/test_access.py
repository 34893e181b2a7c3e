"""Every route of the application with every kind of caller, as one table.

The rows come from the application itself: a new route without a row in `NEEDED` fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from local.issuer.signer import Signer
from runtime.api.app import ROUTERS
from runtime.api.identity import Scope
from runtime.core.jobs import succeed
from tests.unit.api.world import ADMIN, ISSUER, OWNER, STRANGER, World, foreign_key

PUBLIC, SIGNED_IN, PERSON = "public", "signed in", "person who may write"
READ, WRITE, ADMINS = Scope.READ, Scope.WRITE, Scope.ADMIN

NEEDED: dict[str, str] = {
    "GET /": PUBLIC,
    "GET /health": PUBLIC,
    "GET /ready": PUBLIC,
    "GET /v1/me": SIGNED_IN,
    "GET /v1/options": READ,
    "GET /v1/jobs": READ,
    "GET /v1/jobs/{job_id}": READ,
    "GET /v1/jobs/{job_id}/erasure": READ,
    "GET /v1/jobs/{job_id}/reads": READ,
    "PUT /v1/jobs/{job_id}/hold": ADMINS,
    "DELETE /v1/jobs/{job_id}/hold": ADMINS,
    "POST /v1/erasures": ADMINS,
    "PATCH /v1/jobs/{job_id}": WRITE,
    "DELETE /v1/jobs/{job_id}": WRITE,
    "POST /v1/jobs/{job_id}/cancel": WRITE,
    "POST /v1/jobs/{job_id}/retry": WRITE,
    "POST /v1/jobs/{job_id}/reprocess": WRITE,
    "GET /v1/jobs/{job_id}/edits": READ,
    "POST /v1/jobs/{job_id}/edits": WRITE,
    "GET /v1/jobs/{job_id}/edits/earlier": READ,
    "POST /v1/jobs/{job_id}/edits/carry": WRITE,
    "POST /v1/jobs/{job_id}/edits/import": WRITE,
    "POST /v1/jobs/{job_id}/edits/undo": WRITE,
    "POST /v1/jobs/{job_id}/edits/redo": WRITE,
    "GET /v1/jobs/{job_id}/revisions": READ,
    "GET /v1/jobs/{job_id}/revisions/{revision}": READ,
    "GET /v1/jobs/{job_id}/revisions/{revision}/compare": READ,
    "GET /v1/jobs/{job_id}/revisions/{revision}/results/{path:path}": READ,
    "POST /v1/jobs/{job_id}/revisions/{revision}/restore": WRITE,
    "GET /v1/jobs/{job_id}/results": READ,
    "GET /v1/jobs/{job_id}/results/{path:path}": READ,
    "GET /v1/jobs/{job_id}/transcript.{suffix}": READ,
    "GET /v1/jobs/{job_id}/transcript/partial": READ,
    "GET /v1/jobs/{job_id}/media": READ,
    "GET /v1/jobs/{job_id}/events": READ,
    "GET /v1/events": READ,
    "POST /v1/uploads": WRITE,
    "GET /v1/uploads/{upload_id}": WRITE,
    "POST /v1/uploads/{upload_id}/parts": WRITE,
    "POST /v1/uploads/{upload_id}/confirm": WRITE,
    "DELETE /v1/uploads/{upload_id}": WRITE,
    "GET /v1/imports": READ,
    "POST /v1/imports": WRITE,
    "GET /v1/imports/{import_id}": READ,
    "DELETE /v1/imports/{import_id}": WRITE,
    "GET /v1/keys": READ,
    "POST /v1/keys": PERSON,
    "DELETE /v1/keys/{key_id}": PERSON,
    "GET /v1/queues": ADMINS,
    "GET /v1/failures": ADMINS,
    "GET /v1/costs": ADMINS,
    "GET /v1/dead-letters": ADMINS,
    "POST /v1/pools/{kind}": ADMINS,
    "GET /v1/voices": READ,
    "POST /v1/voices": WRITE,
    "DELETE /v1/voices": WRITE,
    "DELETE /v1/voices/{profile}": WRITE,
    "GET /v1/jobs/{job_id}/voices": READ,
    "GET /v1/webhooks": READ,
    "POST /v1/webhooks": WRITE,
    "GET /v1/webhooks/{webhook_id}": READ,
    "PATCH /v1/webhooks/{webhook_id}": WRITE,
    "DELETE /v1/webhooks/{webhook_id}": WRITE,
    "POST /v1/webhooks/{webhook_id}/rotate": WRITE,
    "POST /v1/webhooks/{webhook_id}/test": WRITE,
    "GET /v1/webhooks/{webhook_id}/deliveries": READ,
}
ROUTES = [
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
BODIES: dict[str, Any] = {
    "POST /v1/jobs/{job_id}/edits": {"edits": [{"kind": "change_title", "text": "any"}]},
    "PUT /v1/jobs/{job_id}/hold": {"reason": "any"},
    "POST /v1/erasures": {"owner": "no-such-owner"},
    "POST /v1/uploads": {"name": "any.mp4", "size_bytes": 1},
    "POST /v1/uploads/{upload_id}/parts": {"numbers": [1]},
    "POST /v1/keys": {"name": "any", "scopes": ["read"]},
    "PATCH /v1/jobs/{job_id}": {"title": "any"},
    "POST /v1/voices": {"job_id": "any", "speaker": "any", "consented_by": "any"},
    "POST /v1/pools/{kind}": {},
    "POST /v1/imports": {"url": "https://any.example.test/any.mp4"},
    "POST /v1/webhooks": {"url": "https://receiver.example.test/"},
    "PATCH /v1/webhooks/{webhook_id}": {"enabled": True},
}
QUERIES = {"POST /v1/jobs/{job_id}/edits/import": "?format=vtt"}
"""What a route needs to be called at all."""

ENDLESS = {"GET /v1/events", "GET /v1/jobs/{job_id}/events"}
"""Streams that may have no end: they are called only where they are refused."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of caller; `status` is what it gets where `needed` is what the route requires."""

    headers: Callable[[World], dict[str, str]]
    status: Callable[[str, bool], int | None]


def _refused(needed: str, _owned: bool) -> int | None:  # noqa: FBT001 - the table's columns
    return None if needed == PUBLIC else 401


def _stranger(needed: str, owned: bool) -> int | None:  # noqa: FBT001 - the same
    if needed == ADMINS:
        return 403
    return 404 if owned else None


def _scoped(*scopes: str) -> Callable[[str, bool], int | None]:
    def status(needed: str, _owned: bool) -> int | None:  # noqa: FBT001 - the same
        return None if needed in {PUBLIC, SIGNED_IN, *scopes} else 403

    return status


def _key(world: World, *scopes: Scope) -> dict[str, str]:
    _, text = world.api_keys.make(owner=OWNER, name="any", scopes=scopes, expires_at=None)
    return {"X-Api-Key": text}


def _revoked(world: World) -> dict[str, str]:
    key, text = world.api_keys.make(owner=OWNER, name="any", scopes=[READ], expires_at=None)
    assert world.client.get("/v1/me", headers={"X-Api-Key": text}).status_code == 200
    world.api_keys.revoke(OWNER, key.key_id)
    return {"X-Api-Key": text}


def _signed_by(world: World, issuer: str, *, same_key_id: bool) -> dict[str, str]:
    other = Signer(issuer, foreign_key(), clock=world.clock)
    if same_key_id:
        other.key_id = world.signer.key_id
    return {"Authorization": f"Bearer {other.token(OWNER, audience='any-client')}"}


KINDS: dict[str, Kind] = {
    "anonymous": Kind(lambda _: {}, _refused),
    "garbage": Kind(lambda _: {"Authorization": "Bearer no.token.at-all"}, _refused),
    "basic": Kind(lambda _: {"Authorization": "Basic YTpi"}, _refused),
    "expired": Kind(lambda world: world.headers(seconds=-60), _refused),
    "not yet valid": Kind(lambda world: world.headers(nbf=world.clock.now() + 60), _refused),
    "other audience": Kind(lambda world: world.headers(audience="other"), _refused),
    "other issuer": Kind(
        lambda world: _signed_by(world, "https://other.example.test", same_key_id=False), _refused
    ),
    "forged": Kind(lambda world: _signed_by(world, ISSUER, same_key_id=True), _refused),
    "no subject": Kind(lambda world: world.headers(""), _refused),
    "wrong key": Kind(lambda _: {"X-Api-Key": "lsk_0000000000000000_wrong"}, _refused),
    "revoked key": Kind(_revoked, _refused),
    "token and key": Kind(lambda world: {**world.headers(), **_key(world, READ)}, _refused),
    "another owner": Kind(lambda world: world.headers(STRANGER), _stranger),
    "reading key": Kind(lambda world: _key(world, READ), _scoped(READ)),
    "writing key": Kind(lambda world: _key(world, WRITE), _scoped(WRITE)),
    "reading token": Kind(lambda world: world.headers(scope="lifestream/read"), _scoped(READ)),
    "restricted admin": Kind(
        lambda world: world.headers(ADMIN, scope="lifestream/read"),
        lambda needed, owned: _scoped(READ)(needed, owned) or (404 if owned else None),
    ),
    "owner": Kind(lambda world: world.headers(), _scoped(READ, WRITE, PERSON)),
    "admin": Kind(lambda world: world.headers(ADMIN), lambda _needed, _owned: None),
}


def test_should_have_a_row_for_every_route() -> None:
    assert {f"{method} {path}" for method, path in ROUTES} == set(NEEDED)
    sockets = [
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIWebSocketRoute)
    ]
    assert sockets == ["/v1/ws"]


@pytest.mark.parametrize("kind", KINDS)
def test_should_deny_exactly_where_it_must(world: World, kind: str) -> None:
    job = world.job()
    world.jobs.save(job, succeed(job, now=world.clock.now(), result_key="results/any/any.json"))
    upload = world.client.post(
        "/v1/uploads", json={"name": "any.mp4", "size_bytes": 1}, headers=world.headers()
    ).json()
    key, _ = world.api_keys.make(owner=OWNER, name="any", scopes=[READ], expires_at=None)
    webhook = world.sender.endpoints.make(
        OWNER, url="https://any.example.test/", events=["job.failed"], description=""
    )
    fetched = world.imports.add(
        OWNER, url="https://any.example.test/any.mp4", name="any.mp4", metadata={}
    )
    headers = KINDS[kind].headers(world)
    for method, path in ROUTES:
        name = f"{method} {path}"
        place = path.replace("{job_id}", job.job_id).replace("{revision}", "0")
        place = place.replace("{key_id}", key.key_id)
        place = place.replace("{upload_id}", upload["upload_id"])
        place = place.replace("{webhook_id}", webhook.webhook_id)
        place = place.replace("{import_id}", fetched.import_id)
        place = place.replace("{kind}", "cpu")
        place = place.replace("{path:path}", "summary.json").replace("{suffix}", "vtt")
        expected = KINDS[kind].status(NEEDED[name], "{" in path)
        if expected is None and (name in ENDLESS or method == "DELETE"):
            continue
        place += QUERIES.get(name, "")
        answer = world.client.request(method, place, headers=headers, json=BODIES.get(name))
        if expected is None:
            assert answer.status_code not in {401, 403}, (name, answer.text)
        else:
            assert answer.status_code == expected, (name, answer.status_code, answer.text)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].status(READ, True)])
def test_should_close_a_socket_that_must_not_be_opened(world: World, kind: str) -> None:
    job = world.job()
    with world.client.websocket_connect(
        f"/v1/ws?job_id={job.job_id}", headers=KINDS[kind].headers(world)
    ) as socket:
        closed = socket.receive()
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
