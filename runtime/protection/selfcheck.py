"""The operator's self-test of task protection: a result for each step, a fix for each failure."""

from collections.abc import Callable
from dataclasses import dataclass

from .answers import (
    TASK_NOT_VALID,
    Answer,
    Failed,
    NotApplicable,
    Protected,
    ProtectionClient,
    Refused,
    Unprotected,
)
from .environment import ProtectionEnvironment
from .errors import ProtectionError

TEST_MINUTES = 1
"""The shortest lease, so that a self-test that dies does not hold the task for long."""

_ROLE = (
    "Grant the task role (not the execution role) ecs:UpdateTaskProtection and "
    "ecs:GetTaskProtection on task/<cluster>/*, and wait a minute for IAM."
)
_FIXES = {
    "AccessDenied": _ROLE,
    "AccessDeniedException": _ROLE,
    "ClusterNotFoundException": "Set ECS_CLUSTER_NAME to the cluster this task runs in.",
    "ResourceNotFoundException": "Set ECS_TASK_ARN and ECS_CLUSTER_NAME to this very task.",
    "InvalidParameterException": "Check ECS_TASK_ARN and that the region is the task's.",
    "RequestCanceled": "The agent could not reach ECS within 4 s: check the route to ECS (NAT "
    "gateway or the com.amazonaws.<region>.ecs endpoint) and its security group.",
    "agent_unreachable": "Nothing listens at ECS_AGENT_URI: leave it to ECS to set it (Fargate "
    "platform 1.4, or container agent 1.65 or later).",
    "agent_silent": "The agent does not answer: check the route to ECS, then restart the task.",
    "NoCredentialsError": "Give the task a task role, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY.",
    "DEPLOYMENT_BLOCKED": "More tasks are protected than the service wants: raise its desired "
    "count, or wait until jobs end.",
    TASK_NOT_VALID: "Only tasks of a service can be protected. For a task started by RunTask this "
    "is no fault: nothing scales it in.",
}
_OTHER = "Look the code up among ECS's API failure reasons and errors, and run this again."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One step: whether it passed, what was seen, and how to fix it."""

    step: str
    passed: bool
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All steps; `untouched` if the task was protected before and was left so."""

    results: tuple[CheckResult, ...]
    untouched: bool = False

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(result.passed for result in self.results)

    def lines(self) -> list[str]:
        """Return the report for a terminal."""
        shown = []
        for result in self.results:
            shown.append(f"{'ok  ' if result.passed else 'FAIL'} {result.step}: {result.seen}")
            if result.fix:
                shown.append(f"     fix: {result.fix}")
        if self.untouched:
            shown.append("     protection is on, so a job may be running: it was left alone")
        shown.append("PASSED" if self.passed else "FAILED")
        return shown


def run_check(
    *,
    environment: ProtectionEnvironment,
    choose: Callable[[ProtectionEnvironment], ProtectionClient],
) -> Report:
    """Look at the configuration, ask, enable, verify, disable, verify; stop at the first failure.

    A task that is protected already is only looked at: taking its protection off would expose the
    job that put it on.
    """
    try:
        client = choose(environment)
    except ProtectionError as error:
        failed = CheckResult(
            "configuration", passed=False, seen=error.summary, fix=error.resolution
        )
        return Report((failed,))
    results = [CheckResult("configuration", passed=True, seen=_describe(environment))]

    before = client.read()
    if isinstance(before, NotApplicable):
        results.append(CheckResult("protection", passed=True, seen=f"not applicable: {before.why}"))
        return Report(tuple(results))
    results.append(_expect("ask (permission to read)", before, (Protected, Unprotected)))
    if not results[-1].passed or isinstance(before, Protected):
        return Report(tuple(results), untouched=isinstance(before, Protected))

    results.append(_expect("enable", client.enable(TEST_MINUTES), (Protected,)))
    if results[-1].passed:
        results.append(_expect("verify that it is on", client.read(), (Protected,)))
    # Also after a failed enable: its answer may have been lost on the way.
    results.append(_expect("disable", client.disable(), (Unprotected,)))
    if results[-1].passed:
        results.append(_expect("verify that it is off", client.read(), (Unprotected,)))
    return Report(tuple(results))


def _expect(step: str, answer: Answer, wanted: tuple[type, ...]) -> CheckResult:
    if isinstance(answer, wanted):
        return CheckResult(step, passed=True, seen=type(answer).__name__.lower())
    if isinstance(answer, Failed):
        fix = _FIXES.get(answer.code, _OTHER)
        return CheckResult(step, passed=False, seen=f"{answer.code}: {answer.message}", fix=fix)
    if isinstance(answer, Refused):
        fix = _FIXES.get(answer.reason, _OTHER)
        seen = f"refused, {answer.reason}" + (f": {answer.detail}" if answer.detail else "")
        return CheckResult(step, passed=False, seen=seen, fix=fix)
    seen = f"{type(answer).__name__.lower()}, though it was just changed"
    return CheckResult(
        step,
        passed=False,
        seen=seen,
        fix="Something else changes it: look for a "
        "second process in this task that manages protection.",
    )


def _describe(found: ProtectionEnvironment) -> str:
    switch = {None: "automatic", True: "on", False: "off"}[found.switch]
    ways = {
        "agent": found.agent_uri,
        "cluster": found.cluster,
        "task": found.task_arn,
        "region": found.region,
    }
    return ", ".join([f"switch {switch}", *(f"{k} {v}" for k, v in ways.items() if v)])
