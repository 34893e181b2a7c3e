import json
from pathlib import Path

import pytest

from chaos.ledger import NO_JOB, Breach, Violation
from chaos.pool.log_audit import WorkerStops, audit, audit_worker, job_met_by_stop
from chaos.pool.pool_plan import slow_plan
from chaos.pool.report import PoolReport
from chaos.pool.workers import STOP_TIMEOUT_SECONDS, changed
from runtime.core.contract import EnvVar, Stage
from runtime.core.errors import Permanent, Retryable
from tests.unit.processor.studio import Studio, raising

ON, OFF = "protection.enabled", "protection.disabled"
BEGUN, DONE, PUT_BACK = "job.started", "job.succeeded", "job.interrupted"
WAITS = "job.waiting"
STOP = "shutdown.requested"


def log(*actions: str) -> list[str]:
    return [json.dumps({"action": action}) for action in actions]


@pytest.mark.parametrize(
    ("actions", "found"),
    [
        ((ON, BEGUN, DONE, OFF, STOP), WorkerStops(all=1)),
        ((ON, BEGUN, WAITS, OFF, STOP), WorkerStops(all=1)),
        ((ON, BEGUN, WAITS, OFF, ON, BEGUN, OFF, STOP), WorkerStops(all=1, at_work=1, cut_short=1)),
        ((BEGUN, STOP, WAITS), WorkerStops(all=1, at_work=1, cut_short=1)),
        ((STOP,), WorkerStops(all=1)),
        ((ON, STOP, OFF), WorkerStops(all=1)),
        ((BEGUN, STOP, DONE), WorkerStops(all=1, at_work=1)),
        ((BEGUN, STOP, PUT_BACK), WorkerStops(all=1, at_work=1, cut_short=1)),
        ((BEGUN, STOP), WorkerStops(all=1, at_work=1, cut_short=1)),
        ((ON, BEGUN, STOP, DONE, OFF), WorkerStops(all=1, at_work=1, protected=1)),
        ((ON, BEGUN, "protection.lost", STOP, DONE), WorkerStops(all=1, at_work=1)),
        ((ON, BEGUN, PUT_BACK, OFF), WorkerStops()),
        ((ON, BEGUN), WorkerStops()),
    ],
)
def test_should_tell_what_a_stop_met(actions: tuple[str, ...], found: WorkerStops) -> None:
    assert audit_worker(log(*actions)) == found


ENDS = {
    "success": None,
    "the video's fault": Permanent("any", "Any.", "Any."),
    "an outage": Retryable("aws.SlowDown", "S3 is down.", "Again."),
    "another passing fault": Retryable("any", "Any.", "Again."),
    "a crash": RuntimeError("any"),
}


@pytest.mark.parametrize("error", ENDS.values(), ids=ENDS)
def test_should_know_every_end_that_a_worker_logs(error: Exception | None, tmp_path: Path) -> None:
    studio = Studio(work_dir=tmp_path, max_runs=3)
    if error is not None:
        studio.meanwhile[Stage.PROBE] = raising(error)
    studio.run()
    assert BEGUN in studio.log.actions()
    assert audit_worker(log(*studio.log.actions(), STOP)) == WorkerStops(all=1)
    assert audit_worker(log(*studio.log.actions(), BEGUN, STOP)).at_work == 1


def test_should_show_the_job_that_a_stop_met() -> None:
    met = log(BEGUN, "any", STOP, PUT_BACK)
    assert job_met_by_stop([*log(BEGUN, DONE), *met]) == met
    assert job_met_by_stop(log(BEGUN, DONE, STOP)) == ()


def test_should_add_up_all_workers_and_pass_over_other_lines() -> None:
    logs = [["a traceback", *log(BEGUN, STOP)], ["[]", *log(STOP)]]
    assert audit(logs) == WorkerStops(all=2, at_work=1, cut_short=1)


def verdict(
    stops: WorkerStops, *violations: Violation, gone: float = 1.2, killed: int = 0
) -> PoolReport:
    return PoolReport(
        jobs=5,
        stops=stops,
        killed=killed,
        deployments=2,
        violations=violations,
        idle_gone_seconds=gone,
    )


def test_should_keep_its_promises_only_if_no_one_was_stopped_at_work() -> None:
    assert verdict(WorkerStops(all=3)).kept
    assert not verdict(WorkerStops(all=3, at_work=1)).kept
    assert not verdict(WorkerStops(all=3), killed=1).kept


def test_should_prove_nothing_without_a_stop() -> None:
    assert not verdict(WorkerStops()).kept


def test_should_not_let_idle_workers_stay() -> None:
    assert verdict(WorkerStops(all=1), gone=65.0).kept
    assert not verdict(WorkerStops(all=1), gone=65.1).kept


def test_should_say_all_in_one_line() -> None:
    lost = Violation(Breach.LOST, 3, "any")
    stuck = Violation(Breach.STUCK, NO_JOB, "any")
    report = verdict(WorkerStops(9, 4, 1, 2), lost, lost, stuck)
    assert not report.kept
    assert str(report) == (
        "jobs 5, workers stopped 9, deployments 2, killed at work 4 (cut short 2), "
        "killed while protected 1, lost 1, published twice 0, stuck 1, "
        "idle tasks gone within 1.2 s"
    )


def test_should_change_nothing_of_a_definition_but_what_it_says() -> None:
    container = {"name": "any", "stopTimeout": 120, "environment": [{"name": "A", "value": "b"}]}
    definition = {"family": "any", "revision": 3, "cpu": "1", "containerDefinitions": [container]}
    assert changed(definition, {EnvVar.ECS_ENABLE_TASK_PROTECTION: "false"}) == {
        "family": "any",
        "cpu": "1",
        "containerDefinitions": [
            {
                "name": "any",
                "stopTimeout": STOP_TIMEOUT_SECONDS,
                "environment": [
                    {"name": "A", "value": "b"},
                    {"name": "ECS_ENABLE_TASK_PROTECTION", "value": "false"},
                ],
            }
        ],
    }


def test_should_be_as_slow_each_time_with_the_same_seed() -> None:
    assert slow_plan(7, 3) == slow_plan(7, 3)
    assert slow_plan(7, 3) != slow_plan(8, 3)
