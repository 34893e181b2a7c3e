"""What a processor's start takes: interpreter, imports, each model, and the first stage of a job.

    .venv/bin/python benchmarks/startup.py [--rounds N]

Each step runs in a process of its own, which a bare interpreter is the base of; the first stage's
start is that of a whole job (`processor.py`). Ends with one JSON line: for each step the median
`cpu_seconds` and the `rss_mb` of its process, and `torch_imported`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

MODELS = ".lifestream/models"
STEPS = {
    "interpreter": "",
    "imports": "import runtime.processor.composition, runtime.processor.pipeline.toolkit",
    "whisper": (
        "from runtime.core.contract import Device\n"
        "from runtime.processor.models.whisper import Engine\n"
        "from runtime.processor.stages.transcribe import preload_whisper\n"
        f"preload_whisper(Path('{MODELS}/whisper-base').resolve(),"
        " Engine(device=Device.CPU, threads=1))"
    ),
    "diarization": (
        "from runtime.processor.stages.diarize import preload_diarization\n"
        f"preload_diarization(Path('{MODELS}/diarization').resolve())"
    ),
}
REPORT = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "cpu_seconds": used.ru_utime + used.ru_stime,
    "rss_mb": used.ru_maxrss / 1024,
    "torch_imported": "torch" in sys.modules,
}))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps({name: step(code, given.rounds) for name, code in STEPS.items()}))


def step(code: str, rounds: int) -> dict[str, Any]:
    """Return the medians of a step."""
    program = f"from pathlib import Path\n{code}\n{REPORT}"
    runs = [
        json.loads(
            subprocess.run(
                [sys.executable, "-W", "ignore", "-c", program],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.splitlines()[-1]
        )
        for _ in range(rounds)
    ]
    return {
        "cpu_seconds": round(median(run["cpu_seconds"] for run in runs), 2),
        "rss_mb": round(median(run["rss_mb"] for run in runs)),
        "torch_imported": any(run["torch_imported"] for run in runs),
    }


if __name__ == "__main__":
    main()
