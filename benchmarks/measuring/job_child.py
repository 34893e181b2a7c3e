"""Runs a job and prints what it measured of itself: `job_child.py VIDEO THREADS`, 0: as usual."""

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

from benchmarks.measuring.jobs import run_job  # noqa: E402 - run by path, so the root comes first
from benchmarks.measuring.processes import stat_fields  # noqa: E402
from runtime.core.contract import ResultFile  # noqa: E402
from runtime.processor.decoder.starting import prepare_starter  # noqa: E402
from runtime.processor.host.resources import machine_capacity, threads_for  # noqa: E402
from tests.fakes.log import CapturedLog  # noqa: E402


class TimedLog(CapturedLog):
    """Keeps when each stage started and finished, in seconds since this process started."""

    spans: dict[str, tuple[float, float]] = {}  # noqa: RUF012 - of the one job of this process

    def info(self, action: str, **fields: Any) -> None:
        """Keep the time and the line."""
        started = int(stat_fields(Path("/proc/self"))[19]) / os.sysconf("SC_CLK_TCK")
        now = round(time.clock_gettime(time.CLOCK_BOOTTIME) - started, 2)
        stage = str(fields.get("stage"))
        if action == "stage.started":
            self.spans[stage] = (now, now)
        elif action == "stage.finished":
            self.spans[stage] = (self.spans[stage][0], now)
        super().info(action, **fields)


def main(video: Path, threads: int) -> None:
    """Process a video and print."""
    prepare_starter()
    capacity, log = machine_capacity(), TimedLog()
    job = run_job(video, capacity=capacity, threads=threads or threads_for(capacity.cores), log=log)
    results = job.results()
    found = {
        "media_seconds": json.loads(results.read(ResultFile.METRICS))["media_seconds"],
        "stages": job.stage_seconds(),
        "spans": log.spans,
        "turns": results.read(ResultFile.SPEAKERS_RTTM).decode(),
        "torch_imported": "torch" in sys.modules,
        "manifest_sha256": hashlib.sha256(results.manifest).hexdigest(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
