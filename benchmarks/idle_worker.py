"""What an idle worker costs: calls to ECS, polls, and its share of a processor.

Needs no AWS: queues and tables are the local cloud's, the agent is a fake that counts.
"""

import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import cpu_seconds_of  # noqa: E402 - run by path
from benchmarks.serving.cloud import sdk_cloud  # noqa: E402
from tests.integration.pool.rig import rig  # noqa: E402

IDLE_SECONDS = 60.0
SETTLE_SECONDS = 2.0
"""After its start, in which modules are loaded."""


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pool = stack.enter_context(rig(stack.enter_context(sdk_cloud(folder))))
        worker = stack.enter_context(pool.worker(folder))
        worker.until("worker.started")
        time.sleep(SETTLE_SECONDS)
        before, polls = cpu_seconds_of(worker.process.pid), worker.health()["polls"]
        time.sleep(IDLE_SECONDS)
        spent = cpu_seconds_of(worker.process.pid) - before
        polls = worker.health()["polls"] - polls
        began = time.monotonic()
        code = worker.end(signal.SIGTERM)
        left = time.monotonic() - began
    print(f"idle for {IDLE_SECONDS:.0f} s")
    print(f"protection calls: {len(worker.agent.requests)}")
    print(f"polls that ended: {polls}")
    print(f"share of a core: {spent / IDLE_SECONDS:.2%}")
    print(f"SIGTERM to exit {code}: {left:.2f} s")


if __name__ == "__main__":
    main()
