"""What recordings of hours take: seconds and the memory of the whole job, by length and stage.

    .venv/bin/python benchmarks/long_inputs.py --hours 1 3 6 12 --remember

Each video is real speech repeated (`long/media.py`), uploaded to a local cloud and processed by the
processor in its own process, with Whisper tiny. `--remember` has its networks answer from memory
what they have heard before (`long/remembering.py`); `--compare` runs both ways and says whether
they publish the same files.
"""

import hashlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.long.media import make_long_video  # noqa: E402
from benchmarks.measuring.processes import TreeMemory  # noqa: E402
from chaos.kills.bench import Bench  # noqa: E402
from chaos.kills.losses import lines_of, seconds_of  # noqa: E402
from lifestream import command_line  # noqa: E402
from runtime.core.clock import SystemClock  # noqa: E402
from runtime.core.contract import EnvVar  # noqa: E402
from runtime.core.jobs import Source  # noqa: E402
from runtime.results.render.manifest import VARYING  # noqa: E402
from tests.emulator import empty_cloud  # noqa: E402

REMEMBERING = "benchmarks/long/remembering.py"
TIMEOUT_SECONDS = 6 * 3600
SETTINGS: dict[str, str] = {
    EnvVar.JOB_TIMEOUT_SECONDS: str(TIMEOUT_SECONDS),
    EnvVar.CHECKPOINT_SECONDS: "20",
}


app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def measure_hours(
    more_hours: Annotated[
        # `--hours 1 3 6`: what follows the option's first value are arguments.
        list[float] | None, typer.Argument(hidden=True)
    ] = None,
    *,
    hours: Annotated[list[float] | None, typer.Option(help="Lengths; by default 0.25.")] = None,
    remember: Annotated[
        bool, typer.Option("--remember", help="Ask networks nothing twice.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Run both ways, compare files.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="Where media and logs are kept.")] = None,
) -> int:
    """Measure and print; the exit status is 1 where the two ways published different files."""
    folder = folder or Path(tempfile.mkdtemp(prefix="lifestream-long-"))
    differing = 0
    for length in [*(hours or ()), *(more_hours or ())] or [0.25]:
        runs = [
            measure(folder, length, remember=each)
            for each in ([False, True] if compare else [remember])
        ]
        differing += any(run != runs[0] for run in runs)
        if compare:
            print(f"{length:g} h: {compared(*runs)}", flush=True)
    return 1 if differing else 0


def measure(folder: Path, hours: float, *, remember: bool) -> dict[str, str]:
    """Process a video of so many hours, print its figures, return the SHA-256 of its files."""
    place = folder / f"{hours:g}h-{'remembered' if remember else 'real'}"
    (place / "cloud").mkdir(parents=True, exist_ok=True)
    video = folder / f"{hours:g}h.mp4"
    if not video.exists():
        make_long_video(video, hours)
    with empty_cloud(place / "cloud") as cloud:
        bench = Bench(
            cloud=cloud,
            clock=SystemClock(),
            folder=place,
            key=f"uploads/{hours:g} hours.mp4",
            asr_model="whisper-tiny.en",
            settings=SETTINGS,
        )
        if remember:
            bench = replace(bench, program=(REMEMBERING, str(folder / "memo")))
        source = bench.prepare(video.read_bytes())
        print(f"{hours:g} h, {video.stat().st_size / 1e6:.0f} MB, {place.name}", flush=True)
        return process(bench, source)


def process(bench: Bench, source: Source) -> dict[str, str]:
    """Run the job once under observation."""
    run = bench.fresh(source)
    began = bench.clock.monotonic()
    process, log = run.start()
    with TreeMemory(process.pid, bench.clock) as memory:
        code = process.wait(TIMEOUT_SECONDS)
    took = bench.clock.monotonic() - began
    if code != 0:
        raise SystemExit(f"the job ended with {code}: {log.read_text()[-3000:]}")
    print(f"  {took:.0f} s, peak {memory.peak_mb():.0f} MB")
    report_stages(log, memory)
    published = bench.published(source)
    size_mb = sum(map(len, published.values())) / 1e6
    print(f"  {len(published)} files of {size_mb:.1f} MB", flush=True)
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in published.items()
        if name not in VARYING
    }


def report_stages(log: Path, memory: TreeMemory) -> None:
    """Print the seconds of each stage, and the peak of the whole tree while it ran."""
    began: dict[str, float] = {}
    for line in lines_of(log):
        if line["action"] == "stage.started":
            began[line["stage"]] = seconds_of(line)
        elif line["action"] == "stage.finished":
            stage = line["stage"]
            peak = memory.peak_mb(began[stage], seconds_of(line))
            print(f"  {stage:12} {line['seconds']:8.1f} s   peak meanwhile {peak:6.0f} MB")
        elif line["action"] == "remembered":
            shares = (f"{share:.1%} of {name}" for name, share in line["shares"].items())
            print(f"  remembered: {', '.join(shares)}")
    sys.stdout.flush()


def compared(real: dict[str, str], remembered: dict[str, str]) -> str:
    """Say whether two sets of files are the same."""
    names = real.keys() | remembered.keys()
    differing = sorted(name for name in names if real.get(name) != remembered.get(name))
    if differing:
        return f"{len(differing)} files differ: {', '.join(differing[:5])}"
    return f"{len(names)} files are the same both ways"


if __name__ == "__main__":
    sys.exit(command_line.run(app))
