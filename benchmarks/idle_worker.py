"""What an idle worker costs: calls to ECS, polls, and its share of a processor.

Needs no AWS: queues and tables are the local cloud's, the agent is a fake that counts.
"""

import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.cloud import LocalCloud  # noqa: E402 - run by path, so the root comes first
from local.images import Images  # noqa: E402
from tests.integration.pool.rig import rig  # noqa: E402

IDLE_SECONDS = 60.0
SETTLE_SECONDS = 2.0
"""After its start, in which modules are loaded."""


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cloud = stack.enter_context(
            LocalCloud.start(
                state_dir=folder / "cloud", images=Images(), lambda_python=Path(sys.executable)
            )
        )
        os.environ.update(cloud.aws_environment())
        pool = stack.enter_context(rig(cloud))
        worker = stack.enter_context(pool.worker(folder))
        worker.until("worker.started")
        time.sleep(SETTLE_SECONDS)
        before, polls = cpu_seconds(worker.process.pid), worker.health()["polls"]
        time.sleep(IDLE_SECONDS)
        spent = cpu_seconds(worker.process.pid) - before
        polls = worker.health()["polls"] - polls
        began = time.monotonic()
        code = worker.end(signal.SIGTERM)
        left = time.monotonic() - began
    print(f"idle for {IDLE_SECONDS:.0f} s")
    print(f"protection calls: {len(worker.agent.requests)}")
    print(f"polls that ended: {polls}")
    print(f"share of a core: {spent / IDLE_SECONDS:.2%}")
    print(f"SIGTERM to exit {code}: {left:.2f} s")


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of the processors so far (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
