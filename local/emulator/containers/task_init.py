"""Gap (1.5.33, local): RunTask needs a Docker daemon; the first process of a container.

Run by path as `python -I -S task_init.py LIFELINE_FD COMMAND...` in a session of its own, with the
container's environment. The emulator holds the other end of the lifeline pipe: when it closes,
because the emulator is done with the task or has died in whatever way, the whole group is killed.
Like a container's first process, only the command itself is sent SIGTERM. Standard library only.
"""

import ctypes
import os
import signal
import sys
import threading
from typing import NoReturn

COMMAND_NOT_FOUND = 127
KILLED_BY_SIGNAL = 128
PR_SET_PDEATHSIG = 1
FORWARDED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}


def main() -> NoReturn:
    """Run the command to its end and exit with its exit code, 128 + n when signal n ended it."""
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    waited_for = {signal.SIGCHLD, *FORWARDED}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waited_for)
        os.close(lifeline)
        run(command)
    threading.Thread(target=die_with, args=(lifeline,), daemon=True).start()
    while True:
        received = signal.sigwait(waited_for)
        if received in FORWARDED:
            os.kill(child, received)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else KILLED_BY_SIGNAL - code)


def run(command: list[str]) -> NoReturn:
    """Become the command; should this first process be killed alone, the kernel kills it too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.execvp(command[0], command)  # noqa: S606 the command is the container's own
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(COMMAND_NOT_FOUND)


def die_with(lifeline: int) -> None:
    """Wait for the other end of the pipe to close, then kill the whole group."""
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
