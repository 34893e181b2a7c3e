"""Sound facts give no finding; each defect gives the one finding that names it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lifestream.commands.doctor import ENVIRONMENTS, retains_data
from lifestream.doctor import resource_checks, work_checks
from lifestream.doctor.findings import Finding, Severity, worst_first
from lifestream.doctor.snapshot import Alarm, Cluster, Image, Notification, Role
from runtime.core.contract import EnvVar, Output
from runtime.core.jobs import State
from tests.unit.lifestream.sound import (
    BUCKET,
    DISPATCHER,
    EXPECTED,
    QUEUE_ARN,
    REAPER,
    SOURCE,
    STACKS,
    STOPPED,
    SWEEP,
    of_bucket,
    of_dead_letters,
    of_definition,
    of_dispatcher,
    of_jobs,
    of_queue,
    of_service,
    of_stacks,
    of_table,
    of_work_dead_letters,
)


@pytest.mark.parametrize(
    "findings",
    [
        of_stacks(0),
        of_queue(),
        of_dead_letters(),
        of_table(),
        of_table(retain=True),
        of_table(deletion_protection=False),
        of_table(deletion_protection=False, retain=None),
        of_bucket(),
        of_bucket(notifications=(Notification(queue_arn=QUEUE_ARN, prefix="", suffix=""),)),
        of_dispatcher(),
        of_dispatcher(sources=(SOURCE, replace(SOURCE, queue_arn="other", enabled=False))),
        of_definition(),
        of_work_dead_letters(),
        of_service(),
        of_service(wanted=0, running=0, pending=0),
        of_service(running=0),
        of_service(running=2, pending=0),
        work_checks.check_function(DISPATCHER),
        work_checks.check_function(replace(DISPATCHER, state="Inactive")),
        work_checks.check_reaper([DISPATCHER, REAPER], [STOPPED, SWEEP]),
        work_checks.check_image(Image(uri="any", exists=True)),
        work_checks.check_image(Image(uri="any", exists=None)),
        work_checks.check_cluster(Cluster(name="any", status="ACTIVE")),
        work_checks.check_rule(SWEEP),
        work_checks.check_role(Role(arn="any", exists=True)),
        work_checks.check_alarm(Alarm(name="any", state="OK", reason="")),
        work_checks.check_alarm(Alarm(name="any", state="ALARM", reason="", scales=True)),
        work_checks.check_alarm(Alarm(name="any", state="INSUFFICIENT_DATA", reason="")),
        of_jobs(State.RUNNING, silent=1799.0),
        of_jobs(State.CLAIMED, silent=1900.0, lease_left=-1000.0),
        of_jobs(State.LAUNCHED, silent=24 * 3600.0),
        of_jobs(State.FAILED, silent=10_000.0),
        of_jobs(State.SUCCEEDED, silent=10_000.0),
    ],
)
def test_should_find_nothing_wrong_with_what_is_sound(findings: Iterator[Finding]) -> None:
    assert list(findings) == []


@pytest.mark.parametrize(
    ("findings", "severity", "what"),
    [
        (of_stacks(1, name="lifestream-dev-other"), Severity.ERROR, "not deployed"),
        (of_stacks(1, status="ROLLBACK_COMPLETE"), Severity.ERROR, "ROLLBACK_COMPLETE"),
        (of_stacks(1, status="UPDATE_ROLLBACK_COMPLETE"), Severity.WARNING, "ROLLBACK"),
        (of_stacks(1, status="UPDATE_IN_PROGRESS"), Severity.WARNING, "IN_PROGRESS"),
        (of_queue(dead_letter_arn=None), Severity.ERROR, "no redrive policy"),
        (of_queue(dead_letter_arn="arn:other"), Severity.ERROR, "go to arn:other"),
        (of_queue(max_receives=4), Severity.WARNING, "after 4 receives"),
        (of_queue(visibility_seconds=119), Severity.ERROR, "is 119 s"),
        (of_queue(encrypted=False), Severity.ERROR, "not encrypted"),
        (of_dead_letters(messages=3), Severity.ERROR, "About 3 message(s)"),
        (of_dead_letters(encrypted=False), Severity.ERROR, "not encrypted"),
        (of_table(status="ARCHIVED"), Severity.ERROR, "ARCHIVED"),
        (of_table(indexes=frozenset()), Severity.ERROR, "index by_state"),
        (of_table(ttl_attribute=None), Severity.WARNING, "do not expire"),
        (of_table(ttl_attribute="other"), Severity.WARNING, "do not expire"),
        (of_table(point_in_time_recovery=False), Severity.WARNING, "Point-in-time"),
        (of_table(point_in_time_recovery=False, retain=True), Severity.ERROR, "Point-in-time"),
        (of_table(deletion_protection=False, retain=True), Severity.ERROR, "Deletion protection"),
        (of_bucket(notifications=()), Severity.ERROR, "everything below uploads/"),
        *(
            (
                of_bucket(notifications=(replace(BUCKET.notifications[0], **wrong),)),
                Severity.ERROR,
                "everything below uploads/",
            )
            for wrong in (
                {"queue_arn": "arn:other"},
                {"prefix": "uploads/a"},
                {"suffix": ".mp4"},
            )
        ),
        (of_bucket(versioned=False), Severity.WARNING, "Versioning"),
        (of_bucket(private=False), Severity.ERROR, "Public access"),
        (of_bucket(encrypted=False), Severity.ERROR, "not encrypted"),
        (of_dispatcher(sources=()), Severity.ERROR, "does not invoke it"),
        (
            of_dispatcher(sources=(replace(SOURCE, queue_arn="arn:other"),)),
            Severity.ERROR,
            "does not invoke it",
        ),
        (
            of_dispatcher(sources=(replace(SOURCE, enabled=False),)),
            Severity.ERROR,
            "event source is off",
        ),
        (
            of_dispatcher(sources=(replace(SOURCE, reports_item_failures=False),)),
            Severity.ERROR,
            "partial batch",
        ),
        (
            of_dispatcher(variables={EnvVar.JOBS_TABLE: "jobs"}),
            Severity.ERROR,
            "MEDIA_BUCKET is not set",
        ),
        (
            of_dispatcher(variables={**EXPECTED, EnvVar.JOBS_TABLE: "other"}),
            Severity.ERROR,
            "JOBS_TABLE is 'other'",
        ),
        (
            of_dispatcher(variables={**EXPECTED, EnvVar.CLAIM_LEASE_SECONDS: "20"}),
            Severity.ERROR,
            "leased for 20 s",
        ),
        (of_definition(active=False), Severity.ERROR, "not active"),
        (of_work_dead_letters(messages=2), Severity.ERROR, "About 2 message(s)"),
        (of_work_dead_letters(encrypted=False), Severity.ERROR, "not encrypted"),
        (of_service(status="MISSING", scaled=False), Severity.ERROR, "MISSING"),
        (of_service(rollout_failed=True), Severity.ERROR, "last deployment failed"),
        (of_service(running=0, pending=0), Severity.ERROR, "wants 2 worker(s)"),
        (of_service(scaled=False), Severity.ERROR, "Nothing scales it"),
        (
            work_checks.check_function(replace(DISPATCHER, state="Failed")),
            Severity.ERROR,
            "Failed",
        ),
        (work_checks.check_reaper([DISPATCHER], [STOPPED, SWEEP]), Severity.ERROR, "none"),
        (work_checks.check_reaper([REAPER], [SWEEP]), Severity.ERROR, "stopped tasks"),
        (work_checks.check_reaper([REAPER], [STOPPED]), Severity.ERROR, "sweep"),
        (
            work_checks.check_reaper([REAPER], [STOPPED, replace(SWEEP, enabled=False)]),
            Severity.ERROR,
            "sweep",
        ),
        (
            work_checks.check_reaper([REAPER], [STOPPED, replace(SWEEP, target_arns=("other",))]),
            Severity.ERROR,
            "sweep",
        ),
        (
            work_checks.check_image(Image(uri="any:0.1.0", exists=False)),
            Severity.ERROR,
            "does not have it",
        ),
        (
            work_checks.check_cluster(Cluster(name="any", status="MISSING")),
            Severity.ERROR,
            "MISSING",
        ),
        (work_checks.check_rule(replace(SWEEP, enabled=False)), Severity.ERROR, "disabled"),
        (work_checks.check_rule(replace(SWEEP, target_arns=())), Severity.ERROR, "no target"),
        (
            work_checks.check_role(Role(arn="any/role", exists=False)),
            Severity.ERROR,
            "does not exist",
        ),
        (
            work_checks.check_alarm(Alarm(name="any", state="ALARM", reason="any reason")),
            Severity.ERROR,
            "ALARM",
        ),
        (of_jobs(State.PENDING, silent=1800.0), Severity.ERROR, "PENDING without a change"),
        (of_jobs(State.RUNNING, silent=1800.0), Severity.ERROR, "for 30 min (attempt 2"),
        (of_jobs(State.CLAIMED, silent=9000.0, lease_left=-1800.0), Severity.ERROR, "CLAIMED"),
        (
            of_jobs(State.LAUNCHED, silent=1800.0, task_arn="arn:any"),
            Severity.ERROR,
            "LAUNCHED without a change",
        ),
        (
            of_jobs(State.LAUNCHED, silent=25 * 3600.0),
            Severity.ERROR,
            "waited in the work queue without a change",
        ),
    ],
)
def test_should_name_each_defect_once(
    findings: Iterator[Finding], severity: Severity, what: str
) -> None:
    (finding,) = findings
    assert finding.severity is severity
    assert what in finding.what
    assert finding.why.endswith((".", "reason"))
    assert finding.mend


def test_should_find_retained_data_without_termination_protection() -> None:
    def found(*, retain: bool, protected: bool) -> list[str]:
        stacks = [replace(stack, protected=protected) for stack in STACKS]
        findings = resource_checks.check_protection(stacks, "dev", retain=retain)
        return [finding.subject for finding in findings]

    unprotected = ["stack lifestream-dev-storage", "stack lifestream-dev-ingest"]
    assert found(retain=True, protected=False) == unprotected
    assert found(retain=True, protected=True) == []
    assert found(retain=False, protected=False) == []


def test_should_say_which_outputs_are_missing() -> None:
    stacks = [replace(stack, outputs={}) for stack in STACKS]
    (finding,) = resource_checks.check_stacks(stacks, "dev")
    assert {o for o in Output if o.value in finding.what} == {*Output} - set().union(
        *resource_checks.OPTIONAL
    )


@pytest.mark.parametrize(
    "missing",
    # One alone is a part of its own.
    sorted(each for part in resource_checks.OPTIONAL if len(part) > 1 for each in part),
)
def test_should_miss_an_output_of_a_part_that_is_there(missing: Output) -> None:
    outputs = {output.value: "" for output in Output if output is not missing}
    stacks = [replace(stack, outputs=outputs) for stack in STACKS]
    (finding,) = resource_checks.check_stacks(stacks, "dev")
    assert finding.what == f"No stack publishes {missing}."


@pytest.mark.parametrize(
    ("state", "ways"), [(State.PENDING, ["retry"]), (State.RUNNING, ["cancel", "retry"])]
)
def test_should_name_the_way_out_of_a_stuck_state(state: State, ways: list[str]) -> None:
    (finding,) = of_jobs(state, silent=10_000.0)
    assert [word for word in ("cancel", "retry") if f"jobs {word}" in finding.mend] == ways


def test_should_tell_the_worst_first() -> None:
    note = Finding(severity=Severity.NOTE, subject="1", what="", why="", mend="")
    warning, error = (replace(note, severity=each) for each in (Severity.WARNING, Severity.ERROR))
    assert worst_first([note, warning, error]) == [error, warning, note]
    assert [each.wrong for each in (note, warning, error)] == [False, True, True]


def test_should_know_from_its_file_whether_an_environment_retains_data() -> None:
    assert retains_data(ENVIRONMENTS / "prod.toml") is True
    assert retains_data(ENVIRONMENTS / "dev.toml") is False
    assert retains_data(ENVIRONMENTS / "nowhere.toml") is None
