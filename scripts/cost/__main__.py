"""`python -m scripts.cost`: write docs/cost.md from the templates in cdk.out."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cdk.assembly import read_environments
from cdk.config import load_environment
from cdk.config.service import ServiceConfig
from scripts.cost import services
from scripts.cost.bill import Line, idle_month, total, video_hour
from scripts.cost.options import options
from scripts.cost.prices import Prices, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cost.md"

Environments = Mapping[str, Sequence[Mapping[str, Any]]]

HEAD = """\
# What it costs

`make docs` computes this page from the synthesized templates and `scripts/cost/prices.toml`.
The list prices are in US dollars for {region}, as of {read_on}.
They were collected without access to AWS's own pages, which `prices.toml` names.
Compare them before you rely on a figure.
Free tiers, discounts and taxes are not included.
This is an estimate; it has not been compared with a bill of a real account yet.

An **idle month** is {hours:.0f} hours without an upload.
A **video hour** is one video of 60 minutes, processed once by its own task and kept for a month.
"""

SERVICES_HEAD = """\
## API and pages, a month

No environment has them unless `service.enabled` says so, and no other table here includes them.
Containers are counted as the fewest that run, with load balancer, firewall and addresses; busy \
ones scale up to `service.max_tasks`.
Functions cost nothing without requests ([service.md](service.md) compares what each can do).
"""

LEFT_OUT = """\
## Not included

- **Container Insights, flow logs, access logs**, whose cost grows with use.
- **Stored data** after the first month.
  Results are small, and an upload is counted for one month at S3's standard price.
  Backups cost extra in environments that have them.
- **Traffic to viewers** of results, and the pipeline or workflow that deploys.
- **Custom metrics** beyond those of sweeps and jobs: {metric} a month for each one with data.
  A busy month has about 20.
- **Summaries by a model**, which no environment has unless it says so; see the table above.
- **GPU instances**, whose cost depends on how many run and for how long; at rest there are none.

## A pool, or a task for each job

A worker of the pool has the size of a task on demand and costs the same by the hour, from its \
start until `pool.idle_minutes` after its last job.
Jobs that follow each other share one start and loaded models, so a busy pool is cheaper than \
tasks on demand; a single job costs its idle time in addition.
In a closed network, workers need two more interface endpoints (ECS and SQS), which the idle \
month includes: $14.60 a zone.
The alarms of a pool are included as well.

## The cheapest environment

`dev` has `network.public_tasks = true` and `nat_gateways = 0`, which saves {nat} a month: the NAT \
gateway and its address.
Each task has a public address, at {address} an hour, while it runs.
Its security group accepts no connection, but it is the only barrier; an environment that retains \
data is refused this setting, and a GPU needs the NAT gateway.
"""


def main() -> int:
    """Write the page."""
    found = read_environments(ROOT / "cdk.out")
    PAGE.write_text(page({name: [s.template for s in stacks] for name, stacks in found.items()}))
    return 0


def page(environments: Environments, prices: Prices | None = None) -> str:
    """Return the page for the templates of some environments."""
    prices = prices or load()
    head = HEAD.format(read_on=prices.read_on, region=prices.region, hours=prices.hours)
    parts = [head, *overview(environments, prices), "## Idle month", ""]
    parts += table({name: idle_month(t, prices) for name, t in environments.items()})
    parts += ["## Video hour, on-demand", ""]
    parts += table({n: video_hour(t, prices, spot=False) for n, t in environments.items()}, 4)
    parts += ["## Quality, a video hour on Spot", "", *qualities(environments, prices), ""]
    parts += [
        "## Summaries by a model, a video hour",
        "",
        "Without a model a summary is made of quotes and costs nothing more.",
        "These prices were read in articles about the services, not on the pages named here.",
        RESERVED,
        "",
        *summaries_by_model(prices),
        "",
    ]
    parts += [
        "## Managed services, an hour of media",
        "",
        "These prices were read in articles about the services, not on the pages named here.",
        "",
        *managed_services(prices),
        "",
    ]
    parts += [SERVICES_HEAD, *services.table(_services(), prices), ""]
    parts += ["## Options", "", "All of these are off unless an environment sets them.", ""]
    parts += [*options(prices), ""]
    parts += ["## Assumptions", "", "| assumption | value | source |", "|---|---|---|"]
    parts += [
        f"| {name.replace('_', ' ')} | {value:g} | {prices.why[name]} |"
        for name, value in prices.assumed.items()
    ]
    usd = prices.usd
    nat = prices.hours * (usd["nat_gateway_hour"] + usd["public_address_hour"])
    parts += [
        "",
        LEFT_OUT.format(
            metric=money(usd["custom_metric_month"], 2),
            nat=money(nat, 2),
            address=money(usd["public_address_hour"], 3),
        ),
    ]
    parts += ["AWS publishes these prices on " + ", ".join(prices.sources) + "."]
    return "\n".join(parts) + "\n"


def _services() -> dict[str, ServiceConfig]:
    """Return the settings of the services by environment, enabled or not."""
    found = {
        path.stem: load_environment(path).service
        for path in sorted((ROOT / "environments").glob("*.toml"))
    }
    return {name: settings for name, settings in found.items() if settings is not None}


RESERVED = (
    "A job reserves twice the tokens in and five times the tokens out, and is charged what it used "
    "([summaries.md](summaries.md))."
)
WORK_OF_QUALITY = {
    "`fast` and `balanced` with `whisper-base`": "seconds_of_work_per_second",
    "`balanced` with `whisper-small`": "small_seconds_of_work_per_second",
    "`best` (`whisper-large-v3-turbo`)": "best_seconds_of_work_per_second",
}
"""What `lifestream-quality` selects, and the assumption about its processing time."""


def qualities(environments: Environments, prices: Prices) -> list[str]:
    """Return the table of what each quality of recognition costs."""
    rows = [
        "| | minutes | " + " | ".join(environments) + " |",
        "|---|---|" + "---|" * len(environments),
    ]
    for name, work in WORK_OF_QUALITY.items():
        costs = " | ".join(
            money(total(video_hour(t, prices, spot=True, work=work)), 2)
            for t in environments.values()
        )
        rows.append(f"| {name} | {60 * prices.assumed[work]:g} | {costs} |")
    return rows


def summaries_by_model(prices: Prices) -> list[str]:
    """Return the table of what models cost that write summaries."""
    tokens = (
        prices.assumed["summary_tokens_in_per_hour"],
        prices.assumed["summary_tokens_out_per_hour"],
    )
    rows = [
        "| model | a million tokens in | out | a video hour | published on |",
        "|---|---|---|---|---|",
    ]
    return rows + [
        f"| {each.name} | ${each.usd_million_in:.3f} | ${each.usd_million_out:.2f} "
        f"| {money(each.usd(*tokens), 4)} | {each.source} |"
        for each in prices.models
    ]


def managed_services(prices: Prices) -> list[str]:
    """Return the table of services that do parts of the same work."""
    rows = ["| service | does | an hour | published on |", "|---|---|---|---|"]
    return rows + [
        f"| {each.name} | {each.does} | {money(60 * each.usd_minute, 2)} | {each.source} |"
        for each in prices.managed
    ]


def overview(environments: Environments, prices: Prices) -> list[str]:
    """Return the table that most readers come for."""
    rows = ["| | " + " | ".join(environments) + " |", "|---|" + "---|" * len(environments)]
    sums = {
        "idle month": [total(idle_month(t, prices)) for t in environments.values()],
        "video hour on Spot": [
            total(video_hour(t, prices, spot=True)) for t in environments.values()
        ],
        "video hour on-demand": [
            total(video_hour(t, prices, spot=False)) for t in environments.values()
        ],
        "a month with 100 video hours on Spot": [
            total(idle_month(t, prices)) + 100 * total(video_hour(t, prices, spot=True))
            for t in environments.values()
        ],
    }
    rows += [
        f"| {what} | " + " | ".join(money(usd, 2) for usd in found) + " |"
        for what, found in sums.items()
    ]
    return [*rows, ""]


def table(bills: Mapping[str, list[Line]], digits: int = 2) -> list[str]:
    """Return the lines of bills side by side."""
    what = list(dict.fromkeys(line.what for lines in bills.values() for line in lines))
    rows = ["| | " + " | ".join(bills) + " |", "|---|" + "---|" * len(bills)]
    for each in what:
        cells = (
            money(sum(line.usd for line in lines if line.what == each), digits)
            for lines in bills.values()
        )
        rows.append(f"| {each} | " + " | ".join(cells) + " |")
    sums = " | ".join(f"**{money(total(lines), digits)}**" for lines in bills.values())
    return [*rows, f"| **total** | {sums} |", ""]


def money(usd: float, digits: int) -> str:
    """Return an amount in dollars; an amount that rounds to zero is a dash."""
    return "\u2013" if round(usd, digits) == 0 else f"${usd:,.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
