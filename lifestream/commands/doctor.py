"""`doctor`: prints what is wrong with an environment; the status is 1 when anything is."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from lifestream import adapters
from lifestream.doctor.examination import Examination
from lifestream.doctor.findings import Finding, Severity, worst_first
from lifestream.drift import check_drift, detect
from lifestream.preflight.account import read_account
from lifestream.preflight.checks import check_quotas
from lifestream.preflight.needs import read_needs
from lifestream.session import JsonOption, Session, in_session
from lifestream.view.console import Screen
from runtime.core.clock import SystemClock

ENVIRONMENTS = Path(__file__).resolve().parent.parent.parent / "environments"


@in_session
def examine(
    session: Session,
    *,
    drift: Annotated[
        bool, typer.Option("--drift", help="Also find changes by hand, which takes minutes.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Check everything: stacks, queues, tables, bucket, functions, image, roles, alarms, jobs.

    The exit status is 1 when anything is wrong. Findings are printed with the worst first.
    """
    screen = session.screen
    examination = Examination(
        session.aws,
        environment=session.environment,
        retain=retains_data(ENVIRONMENTS / f"{session.environment}.toml"),
        clock=SystemClock(),
        on_step=lambda step: screen.note(f"Looking at {step} ..."),
    )
    findings = [*examination.run(), *_quotas(session), *(_drift(session) if drift else [])]
    return report(findings, session, as_json=as_json)


def _drift(session: Session) -> list[Finding]:
    """Return what differs from the templates that were deployed."""
    session.screen.note("Looking at drift ...")
    names = [stack.name for stack in adapters.stacks(session.aws, session.environment)]
    return list(check_drift(detect(session.aws, names, SystemClock())))


def _quotas(session: Session) -> list[Finding]:
    """Return what the account lacks; the local cloud has no quotas."""
    path = ENVIRONMENTS / f"{session.environment}.toml"
    if session.aws.endpoint_url or not path.exists():
        return []
    session.screen.note("Looking at quotas ...")
    needs = read_needs(path)
    return check_quotas(needs, read_account(session.aws, needs, list))


def report(found: list[Finding], session: Session, *, as_json: bool) -> int:
    """Print findings, the worst first; return 1 when anything is wrong, else 0."""
    name, place, screen = session.environment, session.aws.place, session.screen
    findings = worst_first(found)
    wrong = any(finding.wrong for finding in findings)
    if as_json:
        screen.json(
            {
                "environment": name,
                "place": place,
                "healthy": not wrong,
                "findings": [finding.json() for finding in findings],
            }
        )
    else:
        show(findings, name, place, screen)
    return 1 if wrong else 0


def show(findings: list[Finding], environment: str, place: str, screen: Screen) -> None:
    """Print findings for a person, and how many of which severity there are."""
    for finding in findings:
        screen.say(f"{finding.severity.upper():<8} {finding.subject}: {finding.what}")
        screen.say(f"         Why it matters: {finding.why}")
        screen.say(f"         What to do: {finding.mend}")
    if not findings:
        screen.say(f"{environment} in {place} is well: nothing was found wrong.")
        return
    counts = ", ".join(
        f"{sum(finding.severity is severity for finding in findings)} {severity}(s)"
        for severity in Severity
    )
    screen.say(f"{environment} in {place}: {counts}.")


def retains_data(path: Path) -> bool | None:
    """Return what an environment's file says about retaining data; None without such a file."""
    try:
        settings = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return None
    return bool(settings.get("retain_data"))
