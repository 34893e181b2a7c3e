"""Draws the stages of a job and its memory over time, as SVG."""

from collections.abc import Mapping, Sequence

_ROW, _LEFT, _WIDTH, _BAR = 22, 110, 640, 14
_MEMORY_HEIGHT = 90
_TICKS = (1, 2, 5, 10, 20, 60, 120, 300, 600)


def draw(spans: Mapping[str, Sequence[float]], memory: Sequence[tuple[float, float]]) -> str:
    """Return an SVG with a row for each stage, by start, and below them the memory.

    Times are in seconds, `memory` is (time, megabytes).
    """
    rows = sorted(spans.items(), key=lambda item: item[1][0])
    end = max(last for _, (_, last) in rows)
    scale = _WIDTH / end
    tick = next((t for t in _TICKS if end / t <= 12), _TICKS[-1])  # noqa: PLR2004 - lines that fit
    memory_top = _ROW * len(rows) + 10
    width, height = _LEFT + _WIDTH + 50, memory_top + _MEMORY_HEIGHT + _ROW + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<g font-family="sans-serif" font-size="12">',
    ]
    for number in range(int(end // tick) + 1):
        x = _LEFT + number * tick * scale
        parts += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - _ROW}" stroke="#dddddd"/>',
            f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{number * tick} s</text>',
        ]
    for row, (stage, (first, last)) in enumerate(rows):
        y = row * _ROW + 4
        x, length = _LEFT + first * scale, max(1.5, (last - first) * scale)
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{stage}</text>',
            f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="#3b73af"/>',
        ]
    most = max(mb for _, mb in memory)
    floor = memory_top + _MEMORY_HEIGHT
    corners = " ".join(
        f"{_LEFT + min(at, end) * scale:.1f},{floor - mb / most * _MEMORY_HEIGHT:.1f}"
        for at, mb in [(0.0, 0.0), *memory, (end, 0.0)]
    )
    parts += [
        f'<polygon points="{corners}" fill="#b8860b" fill-opacity="0.35" stroke="#8a6508"/>',
        f'<text x="{_LEFT - 8}" y="{memory_top + 11}" text-anchor="end">{most:.0f} MB</text>',
        f'<text x="{_LEFT - 8}" y="{floor}" text-anchor="end">memory</text>',
    ]
    return "\n".join([*parts, "</g></svg>"]) + "\n"
