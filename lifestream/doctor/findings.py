"""What the doctor says: how bad it is, what was found, why it matters, how to mend it."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from runtime.core.errors import LifestreamError

REDEPLOY = "Deploy the environment again; if it comes back, it is being changed by hand."


class Severity(StrEnum):
    """ERROR: work is lost, stuck or unsafe. WARNING: it works, not as it should. NOTE: to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be; `subject` is what it was found at."""

    severity: Severity
    subject: str
    what: str
    why: str
    mend: str

    @property
    def wrong(self) -> bool:
        """Whether it is more than a note."""
        return self.severity is not Severity.NOTE

    def json(self) -> dict[str, str]:
        """Return it for a script."""
        return {name: str(value) for name, value in asdict(self).items()}


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Return the findings by severity, within it as found."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def error(subject: str, what: str, why: str, mend: str = REDEPLOY) -> Finding:
    """Return a finding about work that is lost, stuck or unsafe."""
    return Finding(severity=Severity.ERROR, subject=subject, what=what, why=why, mend=mend)


def warning(subject: str, what: str, why: str, mend: str = REDEPLOY) -> Finding:
    """Return a finding about what works, but not as it should."""
    return Finding(severity=Severity.WARNING, subject=subject, what=what, why=why, mend=mend)


def note(subject: str, what: str, why: str, mend: str) -> Finding:
    """Return a finding that is good to know."""
    return Finding(severity=Severity.NOTE, subject=subject, what=what, why=why, mend=mend)


def unreadable(subject: str, problem: LifestreamError) -> Finding:
    """Say that something could not be examined: it is missing, or may not be read."""
    return error(subject, "It cannot be read.", problem.summary, problem.resolution)
