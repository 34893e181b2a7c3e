"""Decides what to do about the lease: a pure function of policy, state and time.

All times are readings of one monotonic clock, in seconds; the wall clock has no part in it.
"""

import math
from dataclasses import dataclass

from runtime.core.protection import Protected
from runtime.protection.policy import MINUTE, Policy, whole_minutes

NEVER = -math.inf
FOREVER = math.inf


@dataclass(frozen=True, slots=True)
class Lease:
    """Protection that is certain: asked for at `since`, in force at least until `expires_at`."""

    since: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """Everything the decision depends on.

    live: sessions that need protection. waiting: whether one of them waits for a lease, because
    there is none or too little of it is left. leaving: sessions told to go that still checkpoint.
    horizon: when the last live session reaches the cap on its protected time.
    first_seconds: the first lease that was asked for, None for the policy's.
    lease: the protection in force for certain. on_until: ECS may protect until then at the most,
    counting calls whose answer was lost. retry_at: no call before, after a failure. enable_at,
    disable_at: no such call before, because an opposite one may still take effect.
    applicable: whether this task can be protected at all.
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
    applicable: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless a session comes or goes."""

    until: float


@dataclass(frozen=True, slots=True)
class Enable:
    """Ask ECS to protect for so many minutes from now."""

    minutes: int
    renewal: bool


@dataclass(frozen=True, slots=True)
class Disable:
    """Ask ECS to stop protecting."""


@dataclass(frozen=True, slots=True)
class Release:
    """The lease is about to end and could not be renewed: tell the jobs while it still holds."""


Action = Wait | Enable | Disable | Release


def surrender_time(policy: Policy, lease: Lease) -> float:
    """Return when jobs must be told that this lease is lost, unless it is renewed before."""
    return lease.expires_at - policy.surrender_at_seconds


def due_time(policy: Policy, lease: Lease, horizon: float) -> float:
    """Return when the lease should be renewed; never, if it covers all that may be protected."""
    if lease.expires_at >= horizon - MINUTE:
        return FOREVER
    # The second bound spaces renewals of a policy that renews to no more than `renew_at`; a lease
    # that a cap cut short is renewed halfway once a session with a later cap shares it.
    spacing = min(policy.check_interval_seconds, (lease.expires_at - lease.since) / 2)
    return max(lease.expires_at - policy.renew_at_seconds, lease.since + spacing)


def decide(policy: Policy, state: LeaseState, now: float) -> Action:
    """Return what to do now. With nobody to protect and nothing to undo, wait for ever."""
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
    return Disable() if at <= now else Wait(at)


def lease_from(answer: Protected, *, asked_at: float, minutes: int, wall_now: float) -> Lease:
    """Return what an answer proves: never more than was asked, counted from before the asking.

    ECS counts from when the request reaches it, which is not before `asked_at`; so neither a slow
    answer nor one that reports a late expiry, nor a wall clock that jumps, can stretch the lease.
    A shorter expiry than asked for is believed. One in the past contradicts "enabled": then the
    clock it was compared with is wrong, and what was asked for stands.
    """
    asked = minutes * MINUTE
    reference = wall_now if answer.server_now is None else answer.server_now
    reported = answer.expires_at - reference
    return Lease(asked_at, asked_at + (min(asked, reported) if reported > 0 else asked))


def _acquire(policy: Policy, state: LeaseState, now: float) -> Action:
    at = max(state.retry_at, state.enable_at)
    if at > now:
        return Wait(at)
    first = policy.lease_seconds if state.first_seconds is None else state.first_seconds
    return Enable(_minutes(policy, first, state.horizon - now), renewal=False)


def _keep(policy: Policy, state: LeaseState, lease: Lease, now: float) -> Action:
    surrender_at = surrender_time(policy, lease)
    if now >= surrender_at:
        return Release()
    due = now if state.waiting else due_time(policy, lease, state.horizon)
    at = max(due, state.retry_at)
    if at <= now:
        return Enable(_minutes(policy, policy.renewal_seconds, state.horizon - now), renewal=True)
    return Wait(min(at, surrender_at, now + policy.check_interval_seconds))


def _minutes(policy: Policy, wanted_seconds: float, cap_seconds: float) -> int:
    """Round up to whole minutes, but down where the cap on protected time cuts in."""
    minutes = whole_minutes(min(wanted_seconds, policy.max_lease_seconds))
    if cap_seconds < minutes * MINUTE:
        return max(1, int(cap_seconds // MINUTE))
    return minutes
