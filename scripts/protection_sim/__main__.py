"""Looks for gaps in task protection: random schedules under virtual time, replayable by seed."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lifestream import command_line
from runtime.protection.policy import Policy, gap_free
from runtime.protection.testing.simulation.schedule import draw
from runtime.protection.testing.simulation.search import search
from runtime.protection.testing.simulation.simulation import Simulation
from runtime.protection.testing.simulation.tolerance import tolerance
from scripts.protection_sim.drives import DRIVES, Drive
from scripts.protection_sim.picture import sample_timeline

ROOT = Path(__file__).resolve().parents[2]
SHOWN = 10


app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def protection_sim(
    *,
    schedules: Annotated[int, typer.Option(help="Schedules to play.")] = 10_000,
    first_seed: Annotated[int, typer.Option(help="Seed of the first schedule.")] = 0,
    only: Annotated[
        str | None,
        typer.Option(help="Only play the drives whose names contain this, with all schedules."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="SVG", help="Only draw a sample run.")
    ] = None,
    replay: Annotated[
        int | None, typer.Option(metavar="SEED", help="Only print the events of one schedule.")
    ] = None,
) -> int:
    """Look for gaps in random schedules; the exit status is 1 when a promise was broken."""
    chosen = [drive for drive in DRIVES if only is not None and only in drive.name]
    if only is not None and not chosen:
        raise typer.BadParameter(f"no drive has {only!r} in its name")
    if replay is not None:
        return print_schedule(replay, *chosen[:1])
    if picture is not None:
        picture.write_text(sample_timeline())
        return 0
    seeds = range(first_seed, first_seed + schedules)
    if chosen:
        return 0 if all([drive.play(seeds) for drive in chosen]) else 1  # noqa: C419 - play them all
    began = time.monotonic()
    sums = search(schedules=schedules, first_seed=first_seed)
    print(
        f"schedules {sums.schedules}, gaps {sums.gaps}, held while idle {sums.held_idle}\n"
        f"protected beyond a cap {sums.over_cap}, "
        f"leases lost in schedules without faults {sums.lost_calm}\n"
        f"jobs {sums.jobs}, turned away {sums.turned_away}, lost their lease {sums.lost}; "
        f"calls {sums.calls}, renewals {sums.renewals}, refusals {sums.refusals}, "
        f"failed calls {sums.failures}; {time.monotonic() - began:.0f} s"
    )
    for seed in sums.bad_seeds[:SHOWN]:
        print(f"replay it: python -m scripts.protection_sim --replay {seed}")
    whole = [drive.play(seeds[:: drive.every]) for drive in DRIVES]
    kept = [print_tolerance(policy) for policy in (gap_free(), gap_free(classic=True))]
    return 0 if not sums.bad_seeds and all(whole) and all(kept) else 1


def print_tolerance(policy: Policy) -> bool:
    """Measure and print how long an outage may last; return whether the promise is kept."""
    measured, promised = tolerance(policy), policy.promised_outage_seconds
    print(f"outage tolerance {policy.name}: {measured} s (promised {promised:.0f} s)")
    return measured >= promised


def print_schedule(seed: int, drive: Drive | None = None) -> int:
    """Print one schedule and everything that happens in it, on the lease alone or in a drive."""

    def show(kind: str, at: float, fields: dict[str, Any]) -> None:
        print(f"{at:12.3f} {kind:16} {' '.join(f'{k}={v}' for k, v in fields.items())}")

    schedule = draw(seed) if drive is None else drive.draw(seed)
    print(schedule)
    if drive is None:
        outcome, lost = Simulation(schedule, watch=show).run(), 0
    else:
        outcome, lost = drive.run(schedule, show)
    print(outcome)
    return 1 if outcome.gaps or outcome.held_idle or outcome.over_cap or lost else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    return command_line.run(app, arguments)


if __name__ == "__main__":
    sys.exit(main())
