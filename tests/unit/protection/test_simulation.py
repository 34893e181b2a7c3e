"""The search for gaps: finds none, and finds those that are put in."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from runtime.protection import keeper
from runtime.protection.lease import FOREVER, Action, Disable, LeaseState, Wait, decide
from runtime.protection.policy import HOUR, Policy, gap_free
from runtime.protection.testing.simulation import search
from runtime.protection.testing.simulation.records import ScheduleResult
from runtime.protection.testing.simulation.schedule import LONGEST_JOB_SECONDS, draw
from runtime.protection.testing.simulation.search import Total, total
from runtime.protection.testing.simulation.simulation import Simulation
from runtime.protection.testing.simulation.tolerance import survives
from runtime.protection.testing.simulation.world import WallAsMonotonic
from scripts.protection_sim import __main__ as protection_sim
from scripts.protection_sim.picture import sample_timeline

SCHEDULES = 300
PROMISED_SCHEDULES = 1500
"""Enough that each guard's absence is found by some schedule."""


def with_policy(change: Callable[[Policy], Policy], schedules: int = SCHEDULES) -> Total:
    def outcomes() -> Iterator[ScheduleResult]:
        for seed in range(schedules):
            drawn = draw(seed)
            yield Simulation(replace(drawn, policy=change(drawn.policy))).run()

    return total(outcomes())


def unchecked(**numbers: float) -> Callable[[Policy], Policy]:
    """Change a policy behind the back of its validation."""

    def change(policy: Policy) -> Policy:
        changed = copy.copy(policy)
        for name, value in numbers.items():
            object.__setattr__(changed, name, value)
        return changed

    return change


def test_should_find_no_gap_and_nothing_held_while_idle() -> None:
    sums = with_policy(lambda policy: policy, PROMISED_SCHEDULES)
    assert (sums.gaps, sums.held_idle, sums.over_cap, sums.lost_calm) == (0, 0, 0, 0)
    assert sums.renewals > SCHEDULES
    assert sums.refusals > 0
    assert sums.failures > SCHEDULES


def test_should_find_gaps_with_renewal_moved_past_expiry() -> None:
    late = unchecked(renew_at_seconds=-30.0, release_at_seconds=-60.0)
    assert with_policy(late).gaps > 0


def test_should_find_leases_lost_for_nothing_when_only_renewal_is_too_late() -> None:
    sums = with_policy(unchecked(renew_at_seconds=-30.0))
    assert sums.gaps == 0, "notifying the jobs in time is the second guard"
    assert sums.lost_calm > 0


def test_should_find_gaps_with_the_wall_clock_used_for_the_monotonic_one() -> None:
    sums = total(Simulation(draw(seed), clock=WallAsMonotonic).run() for seed in range(SCHEDULES))
    assert sums.gaps > 0
    assert sums.bad_seeds


def test_should_find_gaps_when_jobs_are_told_too_late_to_checkpoint() -> None:
    def told_late(policy: Policy) -> Policy:
        return unchecked(release_at_seconds=5.0)(policy)

    assert with_policy(told_late).gaps > 0


def test_should_find_protection_that_is_never_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(policy: Policy, state: LeaseState, now: float) -> Action:
        action = decide(policy, state, now)
        return Wait(FOREVER) if isinstance(action, Disable) else action

    monkeypatch.setattr(keeper, "decide", forgetful)
    assert with_policy(lambda policy: policy, 50).held_idle > 0


def test_should_play_a_seed_the_same_way_every_time() -> None:
    for seed in range(20):
        assert Simulation(draw(seed)).run() == Simulation(draw(seed)).run()


def test_should_draw_jobs_of_up_to_two_days_and_wall_jumps_of_hours() -> None:
    drawn = [draw(seed) for seed in range(3000)]
    longest = max(job.lasts for schedule in drawn for job in schedule.jobs)
    jumps = [offset for schedule in drawn for _, offset in schedule.wall_jumps]
    assert 24 * HOUR < longest <= LONGEST_JOB_SECONDS
    assert min(jumps) < -6 * HOUR
    assert max(jumps) > 6 * HOUR


@pytest.mark.parametrize("classic", [False, True])
def test_should_survive_the_promised_outage_from_the_worst_moment_on(
    classic: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    policy = gap_free(classic=classic)
    due = policy.lease_seconds - policy.renew_at_seconds
    promised = policy.promised_outage_seconds
    for tenth in range(-5, 6):
        assert survives(policy, start=due + tenth / 10, seconds=promised)
    assert not survives(policy, start=due, seconds=promised + 60)


def test_should_print_the_seed_of_a_gap(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late = unchecked(renew_at_seconds=-30.0, release_at_seconds=-60.0)

    def drawn(seed: int, _policy: Policy | None = None) -> object:
        schedule = draw(seed)
        return replace(schedule, policy=late(schedule.policy))

    for module in (protection_sim, search):
        monkeypatch.setattr(module, "draw", drawn)
    monkeypatch.setattr(protection_sim, "print_tolerance", lambda _policy: True)
    assert protection_sim.main(["--schedules", "20"]) == 1
    printed = capsys.readouterr().out
    assert "--replay " in printed
    seed = int(printed.split("--replay ")[1].split()[0])
    assert protection_sim.main(["--replay", str(seed)]) == 1
    assert "GAP" in capsys.readouterr().out


def test_should_play_and_print_one_drive(capsys: pytest.CaptureFixture[str]) -> None:
    assert protection_sim.main(["--only", "server", "--schedules", "2"]) == 0
    assert "server that counts its jobs: schedules 2, gaps 0" in capsys.readouterr().out
    assert protection_sim.main(["--only", "server", "--replay", "1"]) == 0
    assert " starts " in capsys.readouterr().out
    assert protection_sim.main(["--only", "none of them"]) == 2


def test_should_find_the_timeline_as_the_simulation_draws_it() -> None:
    page = protection_sim.ROOT / "docs" / "protection-timeline.svg"
    assert page.read_text() == sample_timeline(), (
        "run: python -m scripts.protection_sim --picture docs/protection-timeline.svg"
    )
