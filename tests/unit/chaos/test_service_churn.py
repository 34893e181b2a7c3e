from typing import Any

import pytest

from chaos.pool import service_churn
from chaos.pool.service_churn import MOST_WORKERS, ServiceChurn

CHANGES = 12


class Service:
    """A pool that starts every wanted worker after a look; it receives two looks later."""

    def __init__(self) -> None:
        self.wanted: list[int] = []
        self.looks = 0
        self.changed_early = 0
        self.churn: ServiceChurn | None = None

    def update(self, **changes: Any) -> None:
        self.changed_early += self.receiving() < (self.wanted[-1] if self.wanted else 0)
        self.wanted.append(changes["desiredCount"])
        self.looks = 0
        if len(self.wanted) == CHANGES and self.churn is not None:
            self.churn._over.set()

    def describe(self) -> dict[str, int]:
        self.looks += 1
        running = self.wanted[-1] if self.looks > 1 else 0
        return {"desiredCount": self.wanted[-1], "runningCount": running, "pendingCount": 0}

    def receiving(self) -> int:
        return self.wanted[-1] if self.wanted and self.looks > 2 else 0


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(service_churn, "SECONDS_BETWEEN", (0.0, 0.0))
    monkeypatch.setattr(service_churn, "LOOK_SECONDS", 0.0001)
    return Service()


def run(service: Service, *, has_capacity: bool) -> None:
    service.churn = ServiceChurn(
        service,  # type: ignore[arg-type]
        seed=7,
        receiving=service.receiving,
        has_capacity=lambda: has_capacity,
    )
    with service.churn:
        service.churn._thread.join(120)


def test_should_change_the_number_of_workers_once_they_have_begun(service: Service) -> None:
    run(service, has_capacity=True)
    assert len(service.wanted) == CHANGES
    assert set(service.wanted) == set(range(1, MOST_WORKERS + 1))
    assert all(a != b for a, b in zip(service.wanted, service.wanted[1:], strict=False))
    assert service.changed_early == 0


def test_should_want_no_worker_without_capacity(service: Service) -> None:
    run(service, has_capacity=False)
    assert set(service.wanted) == {0}
