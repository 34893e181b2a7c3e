"""Keys of the issuer, API keys, rate limits: what changes over time."""

import asyncio
import socket

from local.issuer.signer import Signer
from runtime.api.auth.api_keys import KEPT_SECONDS as KEY_KEPT_SECONDS
from runtime.api.auth.api_keys import LAST_USE_SECONDS
from runtime.api.auth.issuer_keys import KEEP_SECONDS, UNKNOWN_KEY_PAUSE_SECONDS
from runtime.api.identity import Scope
from runtime.api.rate_limits import RateLimits, shared_storage
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.unit.api.world import ADMIN, ISSUER, OWNER, World, foreign_key


def status(world: World, **headers: str) -> int:
    return world.client.get("/v1/me", headers=headers or world.headers()).status_code


def test_should_read_the_keys_of_the_issuer_once(world: World) -> None:
    assert [status(world) for _ in range(3)] == [200, 200, 200]
    assert len(world.issuer_calls) == 2
    world.clock.advance(KEEP_SECONDS + 1)
    assert status(world) == 200
    assert len(world.issuer_calls) == 4


def test_should_accept_a_key_that_the_issuer_has_taken_into_use(world: World) -> None:
    assert status(world) == 200
    world.signer = Signer(ISSUER, foreign_key(), clock=world.clock)
    assert status(world) == 401
    world.clock.advance(UNKNOWN_KEY_PAUSE_SECONDS)
    assert status(world) == 200


def test_should_not_call_the_issuer_for_each_forged_key(world: World) -> None:
    forger = Signer(ISSUER, foreign_key(), clock=world.clock)
    for number in range(20):
        forger.key_id = f"forged-{number}"
        assert status(world, Authorization=f"Bearer {forger.token(OWNER, audience='x')}") == 401
    assert len(world.issuer_calls) == 2


def test_should_keep_people_signed_in_while_the_issuer_is_down(world: World) -> None:
    assert status(world) == 200
    world.issuer_down = True
    world.clock.advance(KEEP_SECONDS + 1)
    assert status(world) == 200
    stranger = World()
    stranger.issuer_down = True
    assert status(stranger) == 503


def test_should_show_a_key_once_and_count_its_use(world: World) -> None:
    made = world.client.post(
        "/v1/keys", json={"name": "any", "scopes": ["read"]}, headers=world.headers()
    ).json()
    assert status(world, **{"X-Api-Key": made["key"]}) == 200
    (listed,) = world.client.get("/v1/keys", headers=world.headers()).json()["items"]
    assert "key" not in listed
    assert listed["last_used_at"] == world.clock.now()
    first_use = world.clock.now()
    world.clock.advance(LAST_USE_SECONDS - 1)
    assert status(world, **{"X-Api-Key": made["key"]}) == 200
    (listed,) = world.client.get("/v1/keys", headers=world.headers()).json()["items"]
    assert listed["last_used_at"] == first_use
    secret = made["key"].partition(f"_{made['key_id']}_")[2]
    assert len(secret) > 30
    assert secret not in str(world.key_records.__dict__)
    assert secret not in str(world.log.lines)


def test_should_let_a_key_expire(world: World) -> None:
    body = {"name": "any", "scopes": ["read"], "expires_in_days": 1}
    key = world.client.post("/v1/keys", json=body, headers=world.headers()).json()["key"]
    world.clock.advance(86_399)
    assert status(world, **{"X-Api-Key": key}) == 200
    world.clock.advance(1)
    assert status(world, **{"X-Api-Key": key}) == 401


def test_should_stop_a_key_that_another_instance_has_revoked(world: World) -> None:
    key, text = world.api_keys.make(owner=OWNER, name="any", scopes=[Scope.READ], expires_at=None)
    assert status(world, **{"X-Api-Key": text}) == 200
    world.key_records.delete(f"key#{key.key_id}", "key")
    world.clock.advance(KEY_KEPT_SECONDS + 1)
    assert status(world, **{"X-Api-Key": text}) == 401


def test_should_not_give_a_key_more_than_its_maker_has(world: World) -> None:
    body = {"name": "any", "scopes": ["admin"]}
    assert world.client.post("/v1/keys", json=body, headers=world.headers()).status_code == 403
    answer = world.client.post("/v1/keys", json=body, headers=world.headers(ADMIN))
    assert answer.status_code == 201


def test_should_limit_each_caller_by_itself() -> None:
    world = World(rate_limit="2/minute")
    assert [status(world) for _ in range(3)] == [200, 200, 429]
    assert status(world, **world.headers("another")) == 200
    refused = world.client.get("/v1/me", headers=world.headers())
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["retry-after"]) >= 1


def test_should_let_requests_pass_while_the_shared_cache_is_down() -> None:
    async def count() -> CapturedLog:
        log = CapturedLog()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"redis://127.0.0.1:{closed.getsockname()[1]}"
            limits = RateLimits("1/minute", clock=FakeClock(), log=log, storage=shared_storage(url))
            for _ in range(3):
                await limits.count("any")
        return log

    log = asyncio.run(count())
    assert log.actions("ERROR") == ["api.rate_limit_failed"] * 3


def test_should_refuse_a_body_that_is_too_large(world: World) -> None:
    answer = world.client.post("/v1/uploads", content=b" " * (2 << 20), headers=world.headers())
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_should_log_no_token_and_no_query(world: World) -> None:
    token = world.token()
    world.client.get("/v1/jobs?text=secret", headers={"Authorization": f"Bearer {token}"})
    world.client.get("/v1/me", headers={"Authorization": f"Bearer {token}x"})
    logged = str(world.log.lines)
    assert "api.request" in logged
    assert token not in logged
    assert "secret" not in logged
