"""Draws a simulated run as an SVG timeline: jobs, ECS's truth, calls, an outage, a clock jump."""

from dataclasses import dataclass, field
from typing import Any

from runtime.protection.policy import HOUR, MINUTE, gap_free
from scripts.protection_sim.schedule import Job, Outage, Schedule
from scripts.protection_sim.simulation import Simulation

END_SECONDS = 30 * MINUTE
LEFT, WIDTH = 110, 830
LANES = {"job A": 56, "job B": 92, "job C": 128, "protected": 176, "calls": 218}
BAR = 22
BOTTOM = 246
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2937}.s{font-size:11px;fill:#6b7280}"
    ".j{fill:#2563eb}.p{fill:#059669}.o{fill:#fee2e2}.ok{fill:#059669}"
    ".ko{fill:#dc2626}.off{fill:#6b7280}.g{stroke:#e5e7eb}.w{stroke:#d97706;stroke-dasharray:4 3}"
)

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
class Story:
    """What was seen: job bars, stretches of protection as ECS has them, calls by kind."""

    jobs: dict[int, list[float]] = field(default_factory=dict)
    protection: list[tuple[float, float]] = field(default_factory=list)
    calls: list[tuple[float, str]] = field(default_factory=list)
    until: float = 0.0
    since: float | None = None

    def see(self, kind: str, at: float, fields: dict[str, Any]) -> None:
        """Take in one event of the simulation."""
        if kind in {"starts", "ends"}:
            self.jobs.setdefault(fields["job"], []).append(at)
        elif kind == "on":
            if self.since is None:
                self.since = at
            self.until = at + fields["seconds"]
            self.calls.append((at, "ok"))
        elif kind == "off":
            self.close(at)
            self.calls.append((at, "off"))
        elif kind == "failed":
            self.calls.append((at, "ko"))

    def close(self, at: float) -> None:
        """End the stretch of protection that is open."""
        if self.since is not None:
            self.protection.append((self.since, min(at, self.until)))
            self.since = None


def sample_timeline() -> str:
    """Return the picture of the sample run; raise `AssertionError` if that run has a gap."""
    story = Story()
    outcome = Simulation(SAMPLE, watch=story.see).run()
    story.close(END_SECONDS)
    if outcome.gaps or outcome.held_idle or outcome.lost:
        raise AssertionError(f"the sample run is not clean: {outcome}")
    return draw(story)


def draw(story: Story) -> str:
    """Return a story as SVG."""
    height = BOTTOM + 66
    label = "Jobs, protection and calls of a simulated run"
    title = "Protection follows the work, through an outage and a wall clock that jumps"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {height}" role="img">',
        f"<title>{label}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="960" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24">{title}</text>',
    ]
    outage = SAMPLE.outages[0]
    parts.append(_bar("o", outage.start, outage.end, 36, BOTTOM - 36))
    parts.append(_text("s", outage.start, 48, "ECS unreachable for 230 s"))
    for minute in range(0, int(END_SECONDS // MINUTE) + 1, 5):
        x = _x(minute * MINUTE)
        parts.append(f'<path class="g" d="M{x} 36V{BOTTOM}"/>')
        parts.append(
            f'<text class="s" x="{x}" y="{BOTTOM + 16}" text-anchor="middle">{minute} min</text>'
        )
    for name, y in LANES.items():
        parts.append(f'<text x="{LEFT - 12}" y="{y + 15}" text-anchor="end">{name}</text>')
    for number, name in enumerate(("job A", "job B", "job C")):
        start, end = story.jobs[number]
        parts.append(_bar("j", start, end, LANES[name], BAR))
    for start, end in story.protection:
        parts.append(_bar("p", start, end, LANES["protected"], BAR))
    for at, kind in story.calls:
        parts.append(f'<circle class="{kind}" cx="{_x(at)}" cy="{LANES["calls"] + 11}" r="4"/>')
    jump = _x(SAMPLE.wall_jumps[0][0])
    parts.append(f'<path class="w" d="M{jump} 36V{BOTTOM}"/>')
    parts.append(_text("s", SAMPLE.wall_jumps[0][0] + 8, 48, "wall clock +3 h"))
    parts.extend(_legend())
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    y = BOTTOM + 44
    shown = []
    texts = (("ok", "granted or renewed"), ("ko", "failed, tried again"), ("off", "taken off"))
    for place, (kind, text) in enumerate(texts):
        x = LEFT + 180 * place
        shown.append(f'<circle class="{kind}" cx="{x}" cy="{y - 4}" r="4"/>')
        shown.append(f'<text class="s" x="{x + 10}" y="{y}">{text}</text>')
    return shown


def _x(at: float) -> float:
    return round(LEFT + WIDTH * at / END_SECONDS, 1)


def _bar(kind: str, start: float, end: float, y: int, height: int) -> str:
    width = round(_x(end) - _x(start), 1)
    return f'<rect class="{kind}" x="{_x(start)}" y="{y}" width="{width}" height="{height}"/>'


def _text(kind: str, at: float, y: int, text: str) -> str:
    return f'<text class="{kind}" x="{_x(at) + 4}" y="{y}">{text}</text>'
