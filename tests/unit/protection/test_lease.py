from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runtime.protection.answers import Protected
from runtime.protection.lease import (
    FOREVER,
    Disable,
    Enable,
    Lease,
    LeaseState,
    Release,
    Wait,
    decide,
    lease_from,
)
from runtime.protection.policy import Policy, gap_free, service

POLICY = gap_free()
CLASSIC = gap_free(classic=True)
HELD = LeaseState(live=1, lease=Lease(0.0, 420.0), on_until=420.0)
IDLE = LeaseState()

times = st.floats(min_value=0, max_value=1e6)
policies = st.sampled_from([gap_free(), gap_free(classic=True), service(), service(light=True)])


def test_should_do_nothing_for_ever_when_idle() -> None:
    assert decide(POLICY, IDLE, 1e9) == Wait(FOREVER)


def test_should_protect_on_the_first_session() -> None:
    assert decide(POLICY, LeaseState(live=1, waiting=True), 0.0) == Enable(7, renewal=False)


def test_should_not_call_for_a_second_session_that_shares_the_lease() -> None:
    assert decide(POLICY, replace(HELD, live=2), 10.0) == Wait(70.0)


def test_should_look_at_the_lease_every_check_interval() -> None:
    assert decide(POLICY, HELD, 0.0) == Wait(60.0)


def test_should_renew_at_the_extension_by_default() -> None:
    assert decide(POLICY, HELD, 119.9) == Wait(120.0)
    assert decide(POLICY, HELD, 120.0) == Enable(7, renewal=True)


def test_should_renew_at_the_buffer_in_the_classic_way() -> None:
    assert decide(CLASSIC, HELD, 299.9) == Wait(300.0)
    assert decide(CLASSIC, HELD, 300.0) == Enable(7, renewal=True)


def test_should_start_with_two_hours_and_renew_to_one_every_half_hour() -> None:
    policy = service()
    assert decide(policy, LeaseState(live=1, waiting=True), 0.0) == Enable(120, renewal=False)
    first = replace(HELD, lease=Lease(0.0, 7200.0))
    assert decide(policy, first, 3599.0) == Wait(3600.0)
    assert decide(policy, first, 3600.0) == Enable(60, renewal=True)
    renewed = replace(HELD, lease=Lease(3600.0, 7200.0))
    assert decide(policy, renewed, 5399.0) == Wait(5400.0)
    assert decide(policy, renewed, 5400.0) == Enable(60, renewal=True)


def test_should_wait_for_the_retry_after_a_failure_but_not_for_the_next_check() -> None:
    failed = replace(HELD, retry_at=122.0)
    assert decide(POLICY, failed, 120.5) == Wait(122.0)
    assert decide(POLICY, failed, 122.0) == Enable(7, renewal=True)


def test_should_release_jobs_while_there_is_time_to_checkpoint() -> None:
    assert decide(POLICY, replace(HELD, retry_at=9e9), 375.0) == Release()
    assert decide(POLICY, replace(HELD, retry_at=9e9), 374.9) == Wait(375.0)


def test_should_take_protection_off_when_the_last_session_is_gone() -> None:
    assert decide(POLICY, replace(HELD, live=0), 10.0) == Disable()


def test_should_keep_protection_for_sessions_that_still_checkpoint_but_not_renew_it() -> None:
    leaving = replace(HELD, live=0, leaving=1)
    assert decide(POLICY, leaving, 200.0) == Wait(260.0)
    assert decide(POLICY, leaving, 419.0) == Wait(420.0)


def test_should_take_off_what_a_lost_answer_may_have_put_on() -> None:
    assert decide(POLICY, replace(IDLE, on_until=425.0), 10.0) == Disable()
    assert decide(POLICY, replace(IDLE, on_until=425.0), 425.0) == Wait(FOREVER)


def test_should_let_an_unanswered_call_settle_before_its_opposite() -> None:
    enabling = replace(IDLE, on_until=425.0, disable_at=12.0)
    assert decide(POLICY, enabling, 10.0) == Wait(12.0)
    disabling = LeaseState(live=1, waiting=True, enable_at=12.0)
    assert decide(POLICY, disabling, 10.0) == Wait(12.0)


def test_should_ask_for_no_more_than_the_cap_allows() -> None:
    assert decide(POLICY, LeaseState(live=1, horizon=200.0), 0.0) == Enable(3, renewal=False)
    assert decide(POLICY, LeaseState(live=1, horizon=30.0), 0.0) == Enable(1, renewal=False)


def test_should_not_renew_a_lease_that_reaches_the_cap() -> None:
    capped = replace(HELD, horizon=430.0)
    assert decide(POLICY, capped, 360.0) == Wait(375.0)


def test_should_renew_at_once_for_a_session_that_finds_too_little_left() -> None:
    assert decide(POLICY, replace(HELD, waiting=True), 1.0) == Enable(7, renewal=True)


def test_should_never_call_where_protection_does_not_apply() -> None:
    assert decide(POLICY, LeaseState(live=3, applicable=False), 0.0) == Wait(FOREVER)


@given(policies, times, times, times, st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_should_never_wait_past_the_release_time_of_a_lease_in_use(
    policy: Policy,
    since: float,
    length: float,
    passed: float,
    live: int,
    leaving: int,
    waiting: bool,  # noqa: FBT001 - drawn
) -> None:
    lease = Lease(since, since + length)
    now = since + passed
    state = LeaseState(
        live=live, leaving=leaving, waiting=waiting, lease=lease, on_until=lease.expires_at
    )
    action = decide(policy, state, now)
    if isinstance(action, Wait) and live:
        assert now < action.until <= lease.expires_at - policy.release_at_seconds
    if isinstance(action, Disable):
        assert live == leaving == 0
    if isinstance(action, Enable):
        assert live
        assert action.minutes * 60 <= policy.max_lease_seconds


@given(times, st.integers(1, 120), st.floats(-1e6, 1e6), st.none() | st.floats(0, 1e6), times)
def test_should_never_believe_more_than_was_asked_whatever_the_clocks_say(
    asked_at: float, minutes: int, expiry: float, server_now: float | None, wall_now: float
) -> None:
    lease = lease_from(
        Protected(expiry, server_now), asked_at=asked_at, minutes=minutes, wall_now=wall_now
    )
    assert asked_at <= lease.expires_at <= asked_at + minutes * 60


def test_should_believe_a_shorter_expiry_by_the_answerers_own_clock() -> None:
    answer = Protected(expires_at=5000.0 + 300, server_now=5000.0)
    lease = lease_from(answer, asked_at=10.0, minutes=7, wall_now=999_999.0)
    assert lease == Lease(10.0, 310.0)


def test_should_compare_with_the_wall_clock_when_an_answer_has_no_date() -> None:
    answer = Protected(expires_at=5000.0 + 300, server_now=None)
    assert lease_from(answer, asked_at=10.0, minutes=7, wall_now=5000.0) == Lease(10.0, 310.0)


def test_should_stand_by_what_was_asked_when_the_answer_contradicts_itself() -> None:
    answer = Protected(expires_at=5000.0, server_now=None)
    assert lease_from(answer, asked_at=10.0, minutes=7, wall_now=15_000.0) == Lease(10.0, 430.0)
