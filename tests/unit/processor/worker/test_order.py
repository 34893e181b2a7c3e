"""The order in which a worker lets go: each step protects the next."""

from pathlib import Path

import pytest

from runtime.core.contract import Metric, Stage
from runtime.core.jobs import State
from runtime.core.messages import requeue_message
from runtime.protection.policy import gap_free
from tests.unit.processor.studio import TIMEOUT_SECONDS, raising
from tests.unit.processor.worker.pool import Pool
from tests.unit.processor.worker.test_worker import BUSY


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def test_should_stay_protected_until_a_requeued_job_is_announced(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pool.upload()
    protected: list[bool] = []
    send = pool.announced.send

    def noting(body: str, *, delay_seconds: float = 0.0) -> None:
        protected.append(pool.manager.status().lease.critical_sessions == 1)
        send(body, delay_seconds=delay_seconds)

    monkeypatch.setattr(pool.announced, "send", noting)
    pool.studio.meanwhile[Stage.SCENES] = raising(BUSY)
    pool.run()
    assert pool.job(source).state is State.PENDING
    assert pool.announced.bodies == [requeue_message(source.job_id)]
    assert protected == [True]


def test_should_bound_a_sessions_protection_by_the_jobs_deadline(pool: Pool) -> None:
    source = pool.upload()
    allowed = TIMEOUT_SECONDS + gap_free().cap_margin_seconds
    pool.studio.meanwhile[Stage.SCENES] = lambda _: pool.clock.advance(allowed)
    pool.run()
    assert pool.job(source).state is State.PENDING
    assert pool.metrics.codes(Metric.WORKER_JOBS_RELEASED) == ["protection.cap_reached"]
