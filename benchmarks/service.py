"""Measures the API under load on loopback: watchers, requests, progress, memory, a death.

    python benchmarks/service.py [--seconds 60] [--rate 200] [--watchers 500] [--instances 1]
                                 [--cache] [--kill-after SECONDS]

The API runs on one core over a local cloud, the load on the others. Requests start at fixed times,
so a slow answer does not slow the load down; their times count from when they were due. `--cache`
starts a Redis server of Debian that the instances share. `--kill-after` ends one by SIGKILL.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import cpu_seconds_of, resident_mib  # noqa: E402 - run by path
from benchmarks.serving.cloud import running_service  # noqa: E402
from benchmarks.serving.jobs import Recordings  # noqa: E402
from benchmarks.serving.load import Load, Measured  # noqa: E402
from local.api_process import ApiProcess  # noqa: E402

OWNERS = 20
JOBS_OF_AN_OWNER = 5
SAMPLE_SECONDS = 2.0
QUARTERS = (0.25, 0.5, 0.75, 1.0)
"""The parts of the time after which memory is compared."""

BUDGETS = {"p95 of reads": 50.0, "p95 of progress": 1000.0}
"""Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is measured."""

    seconds: float
    rate: float
    watchers: int
    instances: int
    cache: bool
    kill_after: float | None


def main() -> int:
    """Measure, and print a line for each figure."""
    given = read_options()
    owners = [f"owner-{number}" for number in range(OWNERS)]
    with running_service(
        instances=given.instances, has_cache=given.cache, before=["taskset", "-c", "0"]
    ) as service:
        instances = service.instances
        recordings = Recordings.create(service, owners, each=JOBS_OF_AN_OWNER)
        tokens = {owner: service.token(owner) for owner in owners}
        load = Load([each.url for each in instances], recordings, tokens)
        memory = Memory(instances)
        before = {i.url: cpu_seconds_of(i.process.pid) for i in instances}
        found = asyncio.run(run(load, given, instances, memory))
        alive = [each for each in instances if each.process.poll() is None]
        spent = sum(cpu_seconds_of(each.process.pid) - before[each.url] for each in alive)
        return report(given, found, memory, spent)


class Memory:
    """Resident memory of the instances over time, in MiB."""

    def __init__(self, instances: Sequence[ApiProcess]) -> None:
        self._instances = instances
        self.samples: list[float] = []

    async def watch(self) -> None:
        """Take samples until cancelled."""
        while True:
            alive = [each for each in self._instances if each.process.poll() is None]
            self.samples.append(max((resident_mib(i.process.pid) for i in alive), default=0.0))
            await asyncio.sleep(SAMPLE_SECONDS)

    def quarters(self) -> list[float]:
        """Return the memory after each quarter of the time."""
        last = len(self.samples) - 1
        return [self.samples[int(last * part)] for part in QUARTERS]


async def run(
    load: Load, given: Options, instances: Sequence[ApiProcess], memory: Memory
) -> Measured:
    """Apply the load, with one instance killed in between where that is asked."""
    watching = asyncio.create_task(memory.watch())
    killing = asyncio.create_task(kill(instances, given.kill_after))
    try:
        return await load.run(rate=given.rate, watchers=given.watchers, seconds=given.seconds)
    finally:
        watching.cancel()
        killing.cancel()


async def kill(instances: Sequence[ApiProcess], after: float | None) -> None:
    """End the first instance as a machine that dies does."""
    if after is not None:
        await asyncio.sleep(after)
        instances[0].process.kill()


def report(given: Options, found: Measured, memory: Memory, cpu: float) -> int:
    """Print the figures; return 1 for an error, a lost event or a budget that is not met."""
    print(f"{given.watchers} watchers, {given.rate:g} requests/s, {given.seconds:g} s")
    print(f"  instances             {given.instances}{', shared cache' if given.cache else ''}")
    print(f"  requests              {found.requests}, of them errors {found.errors}")
    print(f"  repeated elsewhere    {found.repeated}")
    for percent in (50, 95, 99):
        print(f"  p{percent} of reads          {found.read_ms(percent):8.1f} ms")
    print(f"  p95 of progress       {found.progress_ms(95):8.1f} ms")
    print(f"  latest progress       {found.progress_ms(100):8.1f} ms")
    print(f"  events                {found.events}, watchers without the last state {found.behind}")
    print(f"  sockets that came back {found.reconnected}")
    print(f"  memory                {', '.join(f'{mib:.0f}' for mib in memory.quarters())} MiB")
    print(
        f"  processor             {100 * cpu / given.seconds:.0f} % of a core, of those that live"
    )
    met = {
        "p95 of reads": found.read_ms(95) <= BUDGETS["p95 of reads"],
        "p95 of progress": found.progress_ms(95) <= BUDGETS["p95 of progress"],
    }
    missed = [name for name, holds in met.items() if not holds]
    print(f"  budgets missed        {', '.join(missed) or 'none'}")
    return int(bool(found.errors or found.behind or missed))


def read_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--kill-after", type=float)
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
