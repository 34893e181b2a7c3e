"""Draws a simulated run as an SVG timeline: jobs, ECS's truth, calls, an outage, a clock jump."""

import io
from dataclasses import dataclass, field
from typing import Any

from runtime.protection.policy import HOUR, MINUTE, gap_free
from runtime.protection.testing.simulation.schedule import Job, Outage, Schedule
from runtime.protection.testing.simulation.simulation import Simulation

END_SECONDS = 30 * MINUTE
JOBS = ("job A", "job B", "job C")
CALLS = {
    "ok": ("granted or renewed", "#059669"),
    "failed": ("failed, retried", "#dc2626"),
    "off": ("disabled", "#6b7280"),
}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lifestream",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": "#1f2937",
    "axes.edgecolor": "#e5e7eb",
    "xtick.color": "#6b7280",
    "ytick.color": "#1f2937",
}

SAMPLE = Schedule(
    seed=7,
    policy=gap_free(),
    jobs=(
        Job(arrives=60.0, lasts=14 * MINUTE, poll=5.0, checkpoint=5.0),
        Job(arrives=9 * MINUTE, lasts=8 * MINUTE, poll=5.0, checkpoint=5.0),
        Job(arrives=22 * MINUTE, lasts=4.5 * MINUTE, poll=5.0, checkpoint=5.0),
    ),
    outages=(Outage(start=294.0, end=294.0 + 230, hangs=True),),
    wall_jumps=((690.0, 3 * HOUR),),
)
"""Two jobs that overlap and one after a pause; ECS is unreachable for 230 s when a renewal is due,
and the wall clock jumps three hours ahead."""


@dataclass(slots=True)
class Timeline:
    """What to draw, in seconds: jobs and protection as (start, end), calls by kind."""

    jobs: dict[int, list[float]] = field(default_factory=dict)
    protection: list[tuple[float, float]] = field(default_factory=list)
    calls: list[tuple[float, str]] = field(default_factory=list)
    until: float = 0.0
    since: float | None = None

    def add(self, kind: str, at: float, fields: dict[str, Any]) -> None:
        """Add one event of the simulation."""
        if kind in {"starts", "ends"}:
            self.jobs.setdefault(fields["job"], []).append(at)
        elif kind == "on":
            self.since = at if self.since is None else self.since
            self.until = at + fields["seconds"]
            self.calls.append((at, "ok"))
        elif kind == "off":
            self.close(at)
            self.calls.append((at, "off"))
        elif kind == "failed":
            self.calls.append((at, "failed"))

    def close(self, at: float) -> None:
        """End the open stretch of protection."""
        if self.since is not None:
            self.protection.append((self.since, min(at, self.until)))
            self.since = None


def sample_timeline() -> str:
    """Return the sample run as SVG; raise `AssertionError` if that run has a gap."""
    # Half a second of processor time, which the search for gaps does without.
    import matplotlib as mpl  # noqa: PLC0415 - as above

    timeline = Timeline()
    outcome = Simulation(SAMPLE, watch=timeline.add).run()
    timeline.close(END_SECONDS)
    if outcome.gaps or outcome.held_idle or outcome.lost:
        raise AssertionError(f"the sample run is not clean: {outcome}")
    with mpl.rc_context(STYLE):
        return draw(timeline)


def draw(timeline: Timeline) -> str:
    """Return a timeline as SVG, the same for the same timeline."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - as in `sample_timeline`

    figure = Figure(figsize=(9.6, 3.3), layout="constrained")
    axes = figure.subplots()
    title = "Protection follows the work, through an outage and a wall clock that jumps"
    axes.set_title(title, loc="left", fontsize=11)
    rows = [*JOBS, "protected", "calls"]
    for number, (start, end) in timeline.jobs.items():
        axes.barh(rows[number], end - start, left=start, height=0.65, color="#2563eb")
    for start, end in timeline.protection:
        axes.barh("protected", end - start, left=start, height=0.65, color="#059669")
    for kind, (label, colour) in CALLS.items():
        times = [at for at, each in timeline.calls if each == kind]
        axes.scatter(times, ["calls"] * len(times), s=22, color=colour, label=label, zorder=3)
    outage, jump = SAMPLE.outages[0], SAMPLE.wall_jumps[0][0]
    axes.axvspan(outage.start, outage.end, color="#fee2e2", zorder=0)
    axes.axvline(jump, color="#d97706", linestyle="--", linewidth=1)
    for at, text in ((outage.start, "ECS unreachable for 230 s"), (jump, "wall clock +3 h")):
        axes.annotate(text, (at, -0.65), (4, 0), textcoords="offset points", color="#6b7280")
    minutes = range(0, int(END_SECONDS // MINUTE) + 1, 5)
    axes.set_xticks([minute * MINUTE for minute in minutes], [f"{each} min" for each in minutes])
    axes.set(xlim=(0, END_SECONDS), ylim=(len(rows) - 0.5, -0.9), axisbelow=True)
    axes.grid(axis="x", color="#e5e7eb")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.legend(loc="outside lower left", ncols=len(CALLS), frameon=False)
    svg = io.StringIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return svg.getvalue()
