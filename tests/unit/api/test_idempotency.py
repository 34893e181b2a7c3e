"""A POST that is repeated with its key is done once."""

from typing import Any

from tests.unit.api.world import STRANGER, World


def begin(world: World, key: str, *, size: int = 1, subject: str = "any-owner") -> Any:
    return world.client.post(
        "/v1/uploads",
        json={"name": "any.mp4", "size_bytes": size},
        headers={**world.headers(subject), "Idempotency-Key": key},
    )


def test_should_answer_a_repetition_as_the_first_time(world: World) -> None:
    first, again = begin(world, "any-key"), begin(world, "any-key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert begin(world, "other-key").json() != first.json()
    assert begin(world, "any-key", subject=STRANGER).json() != first.json()


def test_should_refuse_a_key_that_came_with_another_request(world: World) -> None:
    begin(world, "any-key")
    refused = begin(world, "any-key", size=2)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.mismatch")
    assert begin(world, "x" * 129).json()["code"] == "idempotency.invalid"


def test_should_let_a_refused_request_be_corrected(world: World) -> None:
    assert begin(world, "any-key", size=0).status_code == 422
    assert begin(world, "any-key", size=1).status_code == 201


def test_should_refuse_a_repetition_while_the_first_is_worked_on(world: World) -> None:
    world.services.idempotency.begin("any-owner", "any-key", b"POST /v1/uploads?\n{}")
    answer = world.client.post(
        "/v1/uploads", content=b"{}", headers={**world.headers(), "Idempotency-Key": "any-key"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.working")
    world.clock.advance(61)
    assert begin(world, "any-key").status_code == 201
