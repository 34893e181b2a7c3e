"""Gap (1.5.33, local): RunTask needs a Docker daemon; keeps a container to its process.

Run by path as `python -I -S container_keeper.py NAME NOTE LENGTH TOOL... COMMAND...`, where TOOL
has LENGTH words, COMMAND begins with that tool's `run`, and NOTE is where to write why the
container ended if its exit code does not show it. Ends with the container's exit code. A second
process, in a session of its own, waits for the end of this one, even by SIGKILL, and removes the
container. Standard library only.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

KILLED = 128 + signal.SIGKILL
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""ECS's own words."""


def main() -> int:
    """Run the container to its end."""
    name, note, length, *rest = sys.argv[1:]
    tool, command = rest[: int(length)], rest[int(length) :]
    remove_when_gone(tool, name)
    kills_before = kernel_kills()
    with subprocess.Popen([*tool, *command]) as process:

        def forward(number: int, _frame: FrameType | None) -> None:
            process.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, forward)
        code = process.wait()
    killed_by_kernel = code == KILLED and kernel_kills() > kills_before
    if killed_by_kernel or out_of_memory(tool, name):
        Path(note).write_text(OUT_OF_MEMORY)
    return code if code >= 0 else 128 - code


def remove_when_gone(tool: list[str], name: str) -> None:
    """Start the process that removes the container when this one has ended."""
    gone, here = os.pipe()
    if os.fork():
        os.close(gone)  # `here` closes with this process: Popen passes it to no child
        return
    os.setsid()
    os.close(here)
    with open(os.devnull, "r+b", buffering=0) as nothing:  # noqa: PTH123 a device, not a file
        for standard in (0, 1, 2):
            os.dup2(nothing.fileno(), standard)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(gone, 1)
    for command in (["kill", name], ["rm", "--force", "--volumes", name]):
        subprocess.run([*tool, *command], check=False)
    os._exit(0)


def kernel_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since it booted.

    Podman does not notice these on every kernel.
    """
    try:
        counters = Path("/proc/vmstat").read_text().split()
    except OSError:
        return 0
    return int(counters[counters.index("oom_kill") + 1]) if "oom_kill" in counters else 0


def out_of_memory(tool: list[str], name: str) -> bool:
    """Return whether the container tool saw the container killed for want of memory."""
    command = [*tool, "inspect", "--format", "{{.State.OOMKilled}}", name]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    return found.stdout.strip() == "true"


if __name__ == "__main__":
    sys.exit(main())
