"""The simulated world: virtual clocks, and an ECS whose truth about protection can be looked at."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer, Failed, Protected, Refused, Unprotected
from ...lease import Enable, Read
from ...lease_record import Call
from .schedule import API_TIMEOUT_SECONDS, Schedule

EPOCH = 1_700_000_000.0
"""What ECS's clock shows when virtual time is 0."""


SHORTEST_GRANT_SECONDS = 180.0
"""ECS documents no shorter grant than asked for; one that ends while its own answer is still being
read by a stalled thread could not be survived."""


@dataclass(slots=True)
class VirtualTime:
    """Both clocks of the task. `at` is the truth; `wall_offset` is how wrong the wall clock is."""

    at: float = 0.0
    wall_offset: float = 0.0

    def monotonic(self) -> float:
        """Return the time that no jump touches."""
        return self.at

    def now(self) -> float:
        """Return the wall clock, right or wrong."""
        return EPOCH + self.at + self.wall_offset


@dataclass(slots=True)
class WallAsMonotonic:
    """The mistake of timing a lease by the wall clock."""

    time: VirtualTime

    def monotonic(self) -> float:
        """Return the wall clock."""
        return self.time.now() - EPOCH


@dataclass(slots=True)
class Flight:
    """One call under way: when it takes effect (None: never), when and with what it returns."""

    lands_at: float | None
    seconds: float | None
    returns_at: float
    answer: Answer

    @property
    def clean(self) -> bool:
        """Whether it came back with what was asked for."""
        return isinstance(self.answer, (Protected, Unprotected))


@dataclass(slots=True)
class Ecs:
    """Decides what becomes of a call; `protected_until` is the truth in virtual time."""

    schedule: Schedule
    random: Random
    protected_until: float = 0.0

    def send(self, call: Call, now: float) -> Flight:
        """Return what a call sent now will do."""
        schedule, random = self.schedule, self.random
        asked = call.action.minutes * 60.0 if isinstance(call.action, Enable) else None
        for outage in schedule.outages:
            if outage.start <= now < outage.end:
                return self._fail(asked, now, hangs=outage.hangs, may_land=False)
        if random.random() < schedule.failing:
            lands = not isinstance(call.action, Read)
            return self._fail(asked, now, hangs=random.random() < 0.5, may_land=lands)  # noqa: PLR2004 - even
        latency = random.uniform(0.02, 0.3)
        if random.random() < schedule.slow:
            latency = random.uniform(0.3, API_TIMEOUT_SECONDS - 0.01)
        lands_at = now + latency * random.random()
        if asked is None:
            return Flight(lands_at, None, now + latency, Unprotected())
        if random.random() < schedule.refusing:
            return Flight(None, None, now + latency, Refused("DEPLOYMENT_BLOCKED", None))
        granted = asked
        if random.random() < schedule.short_grants:
            granted = max(min(asked, SHORTEST_GRANT_SECONDS), asked * random.uniform(0.3, 1))
        # The Date is cut to whole seconds; an expiry may be reported later than it is enforced,
        # but not so that a shorter grant is hidden.
        late = schedule.late_expiry if granted == asked else 0.0
        expires = EPOCH + lands_at + granted + late
        date = float(int(EPOCH + lands_at)) if schedule.dated_answers else None
        return Flight(lands_at, granted, now + latency, Protected(expires, date))

    def state(self, now: float) -> Answer:
        """Return what a read that arrives now is answered."""
        if self.protected_until <= now:
            return Unprotected()
        return Protected(EPOCH + self.protected_until, EPOCH + now)

    def _fail(self, asked: float | None, now: float, *, hangs: bool, may_land: bool) -> Flight:
        random = self.random
        if not hangs:
            returns = now + random.uniform(0.001, 0.2)
            return Flight(None, None, returns, Failed("refused", "simulated", uncertain=False))
        # A call whose answer never came may land before the timeout or some time after it.
        lands = now + random.uniform(0, API_TIMEOUT_SECONDS + self.schedule.latest_landing)
        returns = now + API_TIMEOUT_SECONDS
        landed = may_land and random.random() < 0.5  # noqa: PLR2004 - even
        return Flight(
            lands if landed else None,
            asked,
            returns,
            Failed("timeout", "simulated", uncertain=True),
        )
