"""What synthesizing one environment costs, against an empty CDK app on the same machine.

Both are whole processes, taken in turn, so that whatever else the machine does hits both alike.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import timed_run  # noqa: E402 - run by path

ENVIRONMENT = "prod"
RUNS = 5
MOST = 2.5
"""The ratio that an environment may cost."""

EMPTY = """
from aws_cdk import App, Stack

app = App()
Stack(app, "Empty")
app.synth()
"""


def main() -> None:
    """Measure and print."""
    times: dict[str, list[tuple[float, float]]] = {"empty app": [], ENVIRONMENT: []}
    for _ in range(RUNS):
        times["empty app"].append(_seconds([sys.executable, "-c", EMPTY]))
        times[ENVIRONMENT].append(
            _seconds([sys.executable, "app.py"], context=f'{{"environment": "{ENVIRONMENT}"}}')
        )
    medians = {
        name: (median(wall for wall, _ in taken), median(cpu for _, cpu in taken))
        for name, taken in times.items()
    }
    print(f"{'':12} {'wall':>8} {'processor':>10}   median of {RUNS}")
    for name, (wall, processor) in medians.items():
        print(f"{name:12} {wall:6.2f} s {processor:8.2f} s")
    (empty_wall, empty_cpu), (wall, cpu) = medians["empty app"], medians[ENVIRONMENT]
    print(f"ratio        {wall / empty_wall:8.2f} {cpu / empty_cpu:10.2f}   at most {MOST}")


def _seconds(command: list[str], *, context: str = "{}") -> tuple[float, float]:
    """Return the wall and the processor time of a command that synthesizes."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CDK_OUTDIR": folder, "CDK_CONTEXT_JSON": context}
        return timed_run(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
