import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest

from runtime.processor.worker.health import Health, HealthServer
from runtime.protection.policy import gap_free
from runtime.protection.status import Counters, Snapshot, Status

PROTECTED = Snapshot(
    policy=gap_free(),
    session_ids=("any-job",),
    critical_sessions=1,
    applicable=True,
    unprotectable=False,
    active=True,
    seconds_to_expiry=300.04,
    lease_age_seconds=120.0,
    last_error=None,
    counters=Counters(),
)
BUSY = Status(
    lease=PROTECTED,
    ecs_deployment=True,
    monitoring=True,
    open_session_ids=("any-job", "idle-session"),
)


class Probe:
    def __init__(self, status: Status) -> None:
        self.status = status
        self.server = HealthServer(
            host="127.0.0.1",
            port=0,
            service="any-service",
            snapshot=lambda: Health(self.status.healthy, self.status.as_health()),
        ).start()

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.request("GET", path)
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer


@pytest.fixture
def probe() -> Iterator[Probe]:
    made = Probe(BUSY)
    yield made
    made.server.close()


def test_should_name_the_service_and_its_features(probe: Probe) -> None:
    status, body = probe.get("/")
    assert (status, body["service"]) == (200, "any-service")
    assert any("protection" in feature for feature in body["features"])


def test_should_show_protection_in_health(probe: Probe) -> None:
    assert probe.get("/health") == (
        200,
        {
            "status": "ok",
            "ecsDeployment": True,
            "activeJobs": 1,
            "taskProtectionActive": True,
            "taskProtectionMonitoring": True,
            "taskProtection": {
                "applicable": True,
                "policy": "gap-free",
                "sessions": 2,
                "sessionIds": ["any-job", "idle-session"],
                "criticalSessionIds": ["any-job"],
                "secondsToExpiry": 300.0,
                "gapSafetyMarginSeconds": 60.0,
                "safe": True,
                "lastError": None,
            },
        },
    )


def test_should_be_unhealthy_when_no_one_renews_any_more(probe: Probe) -> None:
    probe.status = replace(BUSY, monitoring=False)
    status, body = probe.get("/health")
    assert (status, body["status"], body["taskProtectionMonitoring"]) == (503, "unhealthy", False)


def test_should_stay_healthy_while_ecs_cannot_be_reached(probe: Probe) -> None:
    trouble = replace(PROTECTED, active=False, seconds_to_expiry=None, last_error="any error")
    probe.status = replace(BUSY, lease=trouble)
    status, body = probe.get("/health")
    assert status == 200
    assert body["taskProtection"]["safe"] is False
    assert body["taskProtection"]["lastError"] == "any error"


def test_should_know_no_other_path(probe: Probe) -> None:
    assert probe.get("/secrets")[0] == 404


def test_should_answer_several_probes_at_once(probe: Probe) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(probe.get("/health")[0])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == [200] * 8


def test_should_be_unsafe_with_less_left_than_a_checkpoint_needs() -> None:
    assert not replace(BUSY, lease=replace(PROTECTED, seconds_to_expiry=45.0)).safe


@pytest.mark.parametrize("calm", [{"critical_sessions": 0}, {"applicable": False}])
def test_should_be_safe_where_there_is_nothing_to_protect(calm: dict[str, Any]) -> None:
    assert replace(
        BUSY, lease=replace(PROTECTED, active=False, seconds_to_expiry=None, **calm)
    ).safe


def test_should_count_calls_and_remember_the_closest_renewal() -> None:
    counters = Counters().granted(None).granted(290.0).granted(300.0).refused().failed()
    assert (counters.calls, counters.renewals) == (5, 2)
    assert counters.seconds_left_at_renewal == 300.0
    assert counters.least_seconds_left_at_renewal == 290.0
