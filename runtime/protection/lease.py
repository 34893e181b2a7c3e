"""The decision about the lease: a pure function of policy, state and time.

All times are seconds of one monotonic clock; the wall clock takes no part.
"""

import math
from dataclasses import dataclass

from .answers import Protected
from .policy import MINUTE, Policy, whole_minutes

NEVER = -math.inf
FOREVER = math.inf


@dataclass(frozen=True, slots=True)
class Lease:
    """Certain protection: requested at `since`, in force at least until `expires_at`."""

    since: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """Everything the decision depends on.

    live: sessions that need protection. waiting: whether one of them waits for a lease, because
    none or too little is left. leaving: revoked sessions that still checkpoint.
    horizon: when the last live session reaches the cap on its protected time.
    first_seconds: the requested first lease, None for the policy's.
    lease: the certain protection. on_until: ECS protects until then at most, including calls whose
    answer was lost. retry_at: the earliest next call after a failure. enable_at, disable_at: the
    earliest such call, because an opposite one may still take effect.
    read_back: whether reading "off" would prove that a lost disable has landed. unread: whether
    that has not been read since.
    applicable: whether this task can be protected.
    """

    live: int = 0
    waiting: bool = False
    leaving: int = 0
    horizon: float = FOREVER
    first_seconds: float | None = None
    lease: Lease | None = None
    on_until: float = NEVER
    retry_at: float = NEVER
    enable_at: float = NEVER
    disable_at: float = NEVER
    read_back: bool = False
    unread: bool = False
    applicable: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless a session comes or goes."""

    until: float


@dataclass(frozen=True, slots=True)
class Enable:
    """Ask ECS to protect for `minutes` from now."""

    minutes: int
    renewal: bool


@dataclass(frozen=True, slots=True)
class Disable:
    """Ask ECS to stop protecting."""


@dataclass(frozen=True, slots=True)
class Read:
    """Ask ECS whether the task is protected: "off" proves that a lost disable has landed."""


@dataclass(frozen=True, slots=True)
class Release:
    """Revoke the sessions: the lease is about to end and could not be renewed."""


Action = Wait | Enable | Disable | Read | Release


def release_time(policy: Policy, lease: Lease) -> float:
    """Return when the sessions of this lease are revoked unless it is renewed."""
    return lease.expires_at - policy.release_at_seconds


def due_time(policy: Policy, lease: Lease, horizon: float) -> float:
    """Return when to renew the lease; `FOREVER` if it covers everything up to the horizon."""
    if lease.expires_at >= horizon - MINUTE:
        return FOREVER
    # The second bound spaces renewals of a policy that renews to no more than `renew_at`; a lease
    # that a cap cut short is renewed halfway once a session with a later cap shares it.
    spacing = min(policy.check_interval_seconds, (lease.expires_at - lease.since) / 2)
    return max(lease.expires_at - policy.renew_at_seconds, lease.since + spacing)


def decide(policy: Policy, state: LeaseState, now: float) -> Action:  # noqa: PLR0911 - a table
    """Return what to do now; an idle, unprotected task waits forever."""
    if not state.applicable:
        return Wait(FOREVER)
    if state.live:
        if state.lease is None:
            return _acquire(policy, state, now)
        return _keep(policy, state, state.lease, now)
    if state.on_until <= now:
        return Wait(FOREVER)
    if state.leaving:
        return Wait(min(state.on_until, now + policy.check_interval_seconds))
    at = max(state.retry_at, state.disable_at)
    if at > now:
        return Wait(at)
    return Read() if state.read_back and state.unread else Disable()


def lease_from(answer: Protected, *, asked_at: float, minutes: int, wall_now: float) -> Lease:
    """Return the lease that an answer proves: at most `minutes`, counted from `asked_at`.

    ECS counts from when the request arrives, which is not before `asked_at`. A slow answer, a late
    expiry or a jump of the wall clock therefore cannot extend the lease. A shorter expiry is
    believed. One in the past contradicts "enabled", so the reference clock is wrong and `minutes`
    apply.
    """
    asked = minutes * MINUTE
    reference = wall_now if answer.server_now is None else answer.server_now
    reported = answer.expires_at - reference
    return Lease(asked_at, asked_at + (min(asked, reported) if reported > 0 else asked))


def _acquire(policy: Policy, state: LeaseState, now: float) -> Action:
    at = max(state.retry_at, state.enable_at)
    if at > now:
        if not state.read_back:
            return Wait(at)
        return Read() if state.retry_at <= now else Wait(state.retry_at)
    first = policy.lease_seconds if state.first_seconds is None else state.first_seconds
    return Enable(_minutes(policy, first, state.horizon - now), renewal=False)


def _keep(policy: Policy, state: LeaseState, lease: Lease, now: float) -> Action:
    release_at = release_time(policy, lease)
    if now >= release_at:
        return Release()
    due = now if state.waiting else due_time(policy, lease, state.horizon)
    at = max(due, state.retry_at)
    if at <= now:
        return Enable(_minutes(policy, policy.renewal_seconds, state.horizon - now), renewal=True)
    return Wait(min(at, release_at, now + policy.check_interval_seconds))


def _minutes(policy: Policy, wanted_seconds: float, cap_seconds: float) -> int:
    """Round up to whole minutes, but down where the cap on protected time cuts in."""
    minutes = whole_minutes(min(wanted_seconds, policy.max_lease_seconds))
    if cap_seconds < minutes * MINUTE:
        return max(1, int(cap_seconds // MINUTE))
    return minutes
