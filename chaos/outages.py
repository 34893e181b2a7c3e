"""Outages of whole services: one after another, each long enough to outlast every retry.

The uploads of such a run are spread over its outages, so that each one meets jobs in every state.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace

from chaos.conditions import EventFate
from chaos.ledger import NO_JOB, Breach, Violation
from chaos.plan import MessageKind, Plan, Scenario

CAPACITY = "capacity"
"""Not a service: no task can be started, because a quota is used up or there is no machine."""

SERVICES = ("dynamodb", "s3", "ecs", "sqs")
OUTAGES = (*SERVICES, CAPACITY)
FIRST_SECONDS = 20.0
"""By then a run has jobs in every state."""

SPACING = 1.5
"""From the start of an outage to that of the next one, in lengths of an outage."""

UNHEARD_SECONDS = 20.0
"""So long before an outage of SQS, and until so long before its end, nothing announces uploads: the
reconciler has to, while SQS is out."""


@dataclass(slots=True, kw_only=True)
class Outages:
    """An outage of `seconds` for each service; `began` is the run's start on `now`'s clock."""

    seconds: float
    began: float
    now: Callable[[], float]

    def begin(self) -> None:
        """Count from now."""
        self.began = self.now()

    def has(self, service: str) -> bool:
        """Return whether a service is out at this moment."""
        if self.seconds <= 0 or service not in OUTAGES:
            return False
        start = self.began + outage_start(service, self.seconds)
        return start <= self.now() < start + self.seconds

    def may_upload(self, number: int, jobs: int) -> bool:
        """Return whether it is time for the upload of a job."""
        return self.now() >= self.began + upload_time(number, jobs, self.seconds)


NO_OUTAGES = Outages(seconds=0.0, began=0.0, now=lambda: 0.0)


def outage_start(service: str, seconds: float) -> float:
    """Return how many seconds after a run's start the outage of a service begins."""
    return FIRST_SECONDS + OUTAGES.index(service) * seconds * SPACING


def outage_run_seconds(seconds: float) -> float:
    """Return by how much outages of this length make a run longer."""
    return FIRST_SECONDS + len(OUTAGES) * seconds * SPACING if seconds > 0 else 0.0


def upload_time(number: int, jobs: int, seconds: float) -> float:
    """Return how many seconds after a run's start a job is uploaded, at the earliest."""
    return outage_run_seconds(seconds) * number / jobs


def spread_over_outages(plan: Plan, seconds: float) -> Plan:
    """Return the plan of a run with outages: SQS's outage meets uploads that nothing announces.

    S3's own events and the functions' polls do not pass the proxy; the reconciler's messages do.
    """
    if seconds <= 0:
        return plan
    start = outage_start("sqs", seconds)
    jobs = len(plan.jobs)
    unheard = {
        number
        for number in range(jobs)
        if start - UNHEARD_SECONDS
        <= upload_time(number, jobs, seconds)
        < start + seconds - UNHEARD_SECONDS
    }
    return replace(
        plan,
        jobs=tuple(
            _unannounced(scenario, number, unheard) for number, scenario in enumerate(plan.jobs)
        ),
    )


def _unannounced(scenario: Scenario, number: int, unheard: Container[int]) -> Scenario:
    """Return a job's scenario without messages about uploads that nothing may announce."""
    if number in unheard:
        conditions = replace(scenario.conditions, event=EventFate.LOST)
        return replace(scenario, extras=(), conditions=conditions)
    if number - 1 in unheard:
        # A message about two uploads is about the one before it as well.
        kept = (each for each in scenario.extras if each.kind is not MessageKind.EVENT_OF_TWO)
        return replace(scenario, extras=tuple(kept))
    return scenario


def outages_not_met(counts: Mapping[str, int], seconds: float) -> Iterator[Violation]:
    """Yield the outages that no call met: a run without them proves nothing about them."""
    if seconds <= 0:
        return
    for service in OUTAGES:
        if not counts.get(outage_name(service)):
            yield Violation(Breach.RULE, NO_JOB, f"no call met the {outage_name(service)}")


def outage_name(service: str) -> str:
    """Return how the refused calls of an outage are counted."""
    return f"outage of {service}"
