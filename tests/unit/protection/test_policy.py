from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.protection.errors import ProtectionSettingError
from runtime.protection.policy import Policy, gap_free, service, whole_minutes


def test_should_hold_420_seconds_with_60_to_spare_by_default() -> None:
    policy = gap_free()
    assert (policy.check_interval_seconds, policy.buffer_seconds) == (60, 120)
    assert (policy.lease_seconds, policy.renewal_seconds) == (420, 420)
    assert policy.gap_safety_margin_seconds == 60


def test_should_renew_at_the_extension_by_default_and_at_the_buffer_in_the_classic_way() -> None:
    assert gap_free().renew_at_seconds == 300
    assert gap_free(classic=True).renew_at_seconds == 120


def test_should_promise_four_minutes_of_outage_by_default_and_one_in_the_classic_way() -> None:
    assert gap_free().promised_outage_seconds == 240
    assert gap_free(classic=True).promised_outage_seconds == 60


@pytest.mark.parametrize(("light", "first_hours"), [(False, 2), (True, 1)])
def test_should_start_with_hours_and_renew_to_one_in_the_service_profile(
    light: bool,  # noqa: FBT001 - a parameter of the test
    first_hours: int,
) -> None:
    policy = service(light=light)
    assert policy.lease_seconds == first_hours * 3600
    assert policy.renewal_seconds == 3600
    assert policy.check_interval_seconds == 1800


@pytest.mark.parametrize("check", [120.0, 121.0, 600.0])
def test_should_refuse_a_gap_safety_margin_that_is_not_positive(check: float) -> None:
    with pytest.raises(ProtectionSettingError, match=r"gap safety margin .* must be above 0"):
        gap_free(check_interval_seconds=check)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda: gap_free(extension_seconds=3500.0), "exceeds the limit of 3600 s"),
        (lambda: gap_free(check_interval_seconds=0.0), "must all be positive"),
        (lambda: gap_free(extension_seconds=60.0), "must not be later than the buffer"),
        (lambda: gap_free(check_interval_seconds=90.0), "release at 45 s left"),
        (lambda: replace(gap_free(), renewal_seconds=240.0), "too short for a renewal"),
        (lambda: replace(service(), max_lease_seconds=3600.0 * 49), "at most 2880 minutes"),
    ],
)
def test_should_refuse_numbers_that_cannot_hold(break_it: Callable[[], Policy], says: str) -> None:
    with pytest.raises(ProtectionSettingError, match=says):
        break_it()


@given(st.floats(min_value=0.001, max_value=172_800))
def test_should_cover_what_is_asked_for_in_whole_minutes(seconds: float) -> None:
    minutes = whole_minutes(seconds)
    assert minutes * 60 >= seconds
    assert minutes == 1 or (minutes - 1) * 60 < seconds
