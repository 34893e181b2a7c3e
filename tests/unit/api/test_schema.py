"""The OpenAPI document holds: Schemathesis finds no server error and no answer beyond it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks

from runtime.core.jobs import succeed
from tests.unit.api.scenarios import TIMEOUT_SECONDS, run
from tests.unit.api.world import ADMIN, World, served

EXAMPLES = 4
SCENARIOS = 10
STREAMS = {"/v1/events", "/v1/jobs/{job_id}/events"}
"""They may have no end; test_live.py covers them."""
load_all_checks()
UNDESCRIBED = CHECKS.get_by_names(["positive_data_acceptance"])
"""Options, cursors and names have rules that the document states in words only."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    job = made.job()
    made.jobs.save(job, succeed(job, now=made.clock.now(), result_key="any"))
    yield made
    made.client.close()


def _operations() -> list[Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", served(World().services))
    results: list[Any] = list(schema.get_all_operations())
    found = [result.ok() for result in results]
    return [operation for operation in found if operation.path not in STREAMS]


@pytest.mark.parametrize("operation", _operations(), ids=lambda each: each.label)
def test_should_answer_as_its_document_says(world: World, operation: Any) -> None:
    app = served(world.services)
    headers = world.headers(ADMIN)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(data=st.data())
    def call(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        case.operation.app = app
        case.call_and_validate(
            headers=headers, excluded_checks=UNDESCRIBED, timeout=TIMEOUT_SECONDS
        )

    call()


def test_should_answer_as_its_document_says_along_its_links() -> None:
    reached = run(examples=SCENARIOS)
    # Ids that only an earlier answer has were used; which of them depends on the routes there are.
    ids = ("{upload_id}", "{import_id}", "{webhook_id}", "{key_id}")
    assert sum(any(each in name for name in reached) for each in ids) > 1
