"""What a whole job takes: wall time, processor time and memory of all its processes.

    .venv/bin/python benchmarks/processor.py [VIDEO] [--minutes N --speakers N] [--threads N]

The job runs in a process of its own, with its objects and its record in memory, so that imports
count and the network does not. Ends with one JSON line: `media_seconds`, `wall_seconds`,
`cpu_seconds`, `peak_rss_mb`, `stages` (the seconds of each), `first_stage_seconds` from the start
of the process and the digest of the manifest, which is that of every published file. Compare
processor time: on a busy machine wall time says little. `peak_pss_mb` counts what processes share
once. `--minutes` and `--speakers` make a meeting of the labelled speech and also say how many
speakers were found, and the error rate. `--trace FILE` draws stages and memory over time.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it


def main() -> None:
    """Measure a job in a child process, and print."""
    from local.toolchain import MEDIA  # noqa: PLC0415 - the child measures its own imports

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=MEDIA / "talk.mp4")
    parser.add_argument("--minutes", type=float, help="of a meeting, in place of VIDEO")
    parser.add_argument("--speakers", type=int, choices=(2, 3, 4), default=2)
    parser.add_argument("--threads", type=int, help="of each model; half the cores by default")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--trace", type=Path, help="an SVG of the run to write")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(run_job(given.video, given.threads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        video = given.video
        if given.minutes:
            from benchmarks.long.meeting import make_meeting  # noqa: PLC0415 - packages of Debian

            video = Path(folder) / f"meeting-{given.minutes:g}-{given.speakers}.mp4"
            make_meeting(video, given.minutes, given.speakers)
        figures = measure(video, given.threads)
        spans, memory, turns = (figures.pop(name) for name in ("spans", "memory", "turns"))
        if given.trace:
            from benchmarks.long.trace_picture import draw  # noqa: PLC0415

            given.trace.write_text(draw(spans, memory))
        if (truth := video.with_suffix(".truth.json")).exists():
            figures |= accuracy(turns, json.loads(truth.read_text())["turns"])
    print(json.dumps(figures))


def accuracy(turns: list[Any], truth: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many speakers were found and are there, and the error rate without a collar."""
    from benchmarks.quality.beside_pyannote import annotation, error_rate  # noqa: PLC0415 - heavy

    right = [(turn["start"], turn["end"], turn["speaker"]) for turn in truth]
    return {
        "speakers": len({who for _, _, who in turns}),
        "speakers_there": len({who for _, _, who in right}),
        "der": round(error_rate(annotation(right), annotation([tuple(t) for t in turns])), 4),
    }


def measure(video: Path, threads: int | None) -> dict[str, Any]:
    """Return the figures of one job."""
    from benchmarks.long.process_tree import TreeMemory  # noqa: PLC0415
    from runtime.core.clock import SystemClock  # noqa: PLC0415

    command = [sys.executable, "-W", "ignore", __file__, str(video), "--child"]
    if threads is not None:
        command += ["--threads", str(threads)]
    used, began = cpu_seconds(), time.perf_counter()
    started = SystemClock().now()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with TreeMemory(process.pid, SystemClock()) as memory:
        said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the job ended with {process.returncode}")
    job = json.loads(said.splitlines()[-1])
    return {
        "video": video.name,
        "media_seconds": job["media_seconds"],
        "wall_seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(cpu_seconds() - used, 1),
        "peak_rss_mb": round(memory.peak_mb()),
        "peak_pss_mb": round(max((shared for _, _, shared in memory.samples), default=0.0)),
        "stages": job["stages"],
        "first_stage_seconds": min(begin for begin, _ in job["spans"].values()),
        "spans": job["spans"],
        "memory": [(round(at - started, 2), round(mb)) for at, _, mb in memory.samples],
        "turns": job["turns"],
        "torch_imported": job["torch_imported"],
        "manifest_sha256": job["manifest_sha256"],
    }


def cpu_seconds() -> float:
    """Return the processor time of children that have ended, and theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_job(video: Path, threads: int | None) -> dict[str, Any]:
    """Process a video in this process and return what its own measurements say."""
    from local.toolchain import MODELS  # noqa: PLC0415
    from runtime.core import jobs as lifecycle  # noqa: PLC0415
    from runtime.core.clock import SystemClock  # noqa: PLC0415
    from runtime.core.contract import ExitCode, ResultFile  # noqa: PLC0415
    from runtime.core.telemetry import Telemetry  # noqa: PLC0415
    from runtime.processor.attempt import Attempt, Ports  # noqa: PLC0415
    from runtime.processor.decoder.decoder import Decoder  # noqa: PLC0415
    from runtime.processor.decoder.starting import prepare_starter  # noqa: PLC0415
    from runtime.processor.host.resources import machine_capacity, threads_for  # noqa: PLC0415
    from runtime.processor.pipeline.toolkit import build_toolkit  # noqa: PLC0415
    from runtime.processor.supervision.interruption import Interruption  # noqa: PLC0415
    from runtime.processor.supervision.watchdog import WatchdogTimeouts  # noqa: PLC0415
    from runtime.results.published import open_results  # noqa: PLC0415
    from tests.fakes.jobs import InMemoryJobStore  # noqa: PLC0415
    from tests.fakes.log import CapturedLog  # noqa: PLC0415
    from tests.fakes.metrics import CapturedMetrics  # noqa: PLC0415
    from tests.fakes.objects import InMemoryObjectStore  # noqa: PLC0415

    prepare_starter()
    clock, capacity = SystemClock(), machine_capacity()
    log = TimedLog(CapturedLog())
    objects, jobs = InMemoryObjectStore(), InMemoryJobStore()
    source = objects.put("any", f"uploads/{video.name}", video.read_bytes())
    jobs.create(lifecycle.claim_new(source, now=clock.now(), lease_seconds=3600.0))
    with tempfile.TemporaryDirectory() as folder:
        attempt = Attempt(
            job_id=source.job_id,
            number=1,
            task_arn=None,
            ports=Ports(objects=objects, jobs=jobs),
            toolkit=build_toolkit(
                models_dir=MODELS.resolve(),
                asr_model="whisper-base",
                capacity=capacity,
                threads=threads or threads_for(capacity.cores),
                decoder=Decoder(),
                checkpoint_seconds=20.0,
            ),
            interruption=Interruption(clock=clock, timeout_seconds=3 * 3600.0),
            work_dir=Path(folder),
            clock=clock,
            telemetry=Telemetry(log=log, metrics=CapturedMetrics()),
            timeouts=WatchdogTimeouts(),
            abort=os._exit,
        )
        ended = attempt.run()
    if ended.code is not ExitCode.SUCCESS:
        raise SystemExit(f"the job ended with {ended}: {log.inner.lines[-1]}")
    job = jobs.get(source.job_id)
    assert job is not None  # noqa: S101 - it has just ended
    results = open_results(job, objects)
    metrics, manifest = json.loads(results.read(ResultFile.METRICS)), results.manifest
    finished = [line.fields for line in log.inner.lines if line.action == "stage.finished"]
    return {
        "media_seconds": metrics["media_seconds"],
        "stages": {str(fields["stage"]): fields["seconds"] for fields in finished},
        "spans": log.spans,
        "turns": turns_of(results.read(ResultFile.SPEAKERS_RTTM).decode()),
        "torch_imported": "torch" in sys.modules,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
    }


def turns_of(rttm: str) -> list[tuple[float, float, str]]:
    """Return start, end and speaker of each turn."""
    rows = (line.split() for line in rttm.splitlines())
    return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]


class TimedLog:
    """Passes lines on, and notes when each stage started and finished.

    Times are seconds since this process started.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.spans: dict[str, tuple[float, float]] = {}
        self._began = time.clock_gettime(time.CLOCK_BOOTTIME) - process_age_seconds()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def info(self, action: str, **fields: Any) -> None:
        """Note and pass on."""
        now = round(time.clock_gettime(time.CLOCK_BOOTTIME) - self._began, 2)
        stage = str(fields.get("stage"))
        if action == "stage.started":
            self.spans[stage] = (now, now)
        elif action == "stage.finished":
            self.spans[stage] = (self.spans[stage][0], now)
        self.inner.info(action, **fields)


def process_age_seconds() -> float:
    """Return how long ago this process started."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


if __name__ == "__main__":
    main()
