"""`python -m scripts.cost`: write docs/cost.md from the templates in cdk.out."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cdk.assembly import read_environments
from cdk.config import load_environment
from cdk.config.service import ServiceConfig
from scripts.cost.bill import Line, idle_month, total, video_hour
from scripts.cost.prices import Prices, load
from scripts.cost.services import MONTHLY_REQUESTS, month

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cost.md"
TEMPLATE = "page.md.jinja"
WORK_OF_QUALITY = {
    "`fast` and `balanced` with `whisper-base`": "seconds_of_work_per_second",
    "`balanced` with `whisper-small`": "small_seconds_of_work_per_second",
    "`best` (`whisper-large-v3-turbo`)": "best_seconds_of_work_per_second",
}
"""What `lifestream-quality` selects, and the assumption about its processing time."""

Environments = Mapping[str, Sequence[Mapping[str, Any]]]


def main() -> int:
    """Write the page."""
    found = read_environments(ROOT / "cdk.out")
    PAGE.write_text(page({name: [s.template for s in stacks] for name, stacks in found.items()}))
    return 0


def page(environments: Environments, prices: Prices | None = None) -> str:
    """Return the page for the templates of some environments."""
    prices = prices or load()
    idle = {name: idle_month(each, prices) for name, each in environments.items()}
    hour = {name: video_hour(each, prices, spot=False) for name, each in environments.items()}
    spot = {
        name: [total(video_hour(t, prices, spot=True, work=work)) for t in environments.values()]
        for name, work in WORK_OF_QUALITY.items()
    }
    at_rest, usual = [total(lines) for lines in idle.values()], next(iter(spot.values()))
    overview = {
        "idle month": at_rest,
        "video hour on Spot": usual,
        "video hour on-demand": [total(lines) for lines in hour.values()],
        "a month with 100 video hours on Spot": [
            rest + 100 * each for rest, each in zip(at_rest, usual, strict=True)
        ],
    }
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters.update(money=money, price=price)
    return jinja.get_template(TEMPLATE).render(
        table=table,
        bills=bills,
        names=list(environments),
        prices=prices,
        usd=prices.usd,
        assumed=prices.assumed,
        idle=idle,
        hour=hour,
        overview=[[what, *map(money, found)] for what, found in overview.items()],
        qualities=[
            [name, f"{60 * prices.assumed[work]:g}", *map(money, spot[name])]
            for name, work in WORK_OF_QUALITY.items()
        ],
        services=services(prices),
    )


def services(prices: Prices) -> str:
    """Return the table of what the services of each environment cost by requests, in use or not."""
    files = sorted((ROOT / "environments").glob("*.toml"))
    found = {path.stem: load_environment(path).service for path in files}
    known: dict[str, ServiceConfig] = {name: each for name, each in found.items() if each}
    rows = []
    for requests in MONTHLY_REQUESTS:
        months = [month(settings, requests, prices) for settings in known.values()]
        costs = [usd for each in months for usd in (each.containers, each.functions)]
        rows.append([f"{requests:,}", *(f"${usd:,.2f}" for usd in costs)])
    heads = (f"{name}, {hosting}" for name in known for hosting in ("containers", "functions"))
    return table(["requests", *heads], rows)


def bills(of: Mapping[str, Sequence[Line]], digits: int = 2) -> str:
    """Return a table of bills side by side."""
    rows = []
    for what in dict.fromkeys(line.what for lines in of.values() for line in lines):
        sums = (total(line for line in lines if line.what == what) for lines in of.values())
        rows.append([what, *(money(usd, digits) for usd in sums)])
    totals = (f"**{money(total(lines), digits)}**" for lines in of.values())
    return table(["", *of], [*rows, ["**total**", *totals]])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def money(usd: float, digits: int = 2) -> str:
    """Return an amount in dollars; an amount that rounds to zero is a dash."""
    return "\u2013" if round(usd, digits) == 0 else f"${usd:,.{digits}f}"


def price(usd: float) -> str:
    """Return an amount in dollars, with more than cents where it has more."""
    return f"${usd:.2f}" if round(usd, 2) == round(usd, 6) else f"${usd:.4f}".rstrip("0")


if __name__ == "__main__":
    sys.exit(main())
