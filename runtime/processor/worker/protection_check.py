"""The self-test of task protection at a worker's start, as log lines.

ECS Exec is off in production, so an operator cannot run `python -m runtime.protection check` there.
"""

from runtime.core.log import Log
from runtime.protection.selfcheck import Report


def log_report(report: Report, log: Log) -> None:
    """Log each step that failed with its fix, and the result.

    A failure does not stop the worker: it takes no job while it cannot be protected.
    """
    for step in report.results:
        if not step.passed:
            log.error("protection.check_failed", step=step.step, seen=step.seen, fix=step.fix)
    log.info(
        "protection.checked",
        passed=report.passed,
        steps=[step.step for step in report.results],
        untouched=report.untouched,
    )
