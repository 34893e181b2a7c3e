"""A decoding child whose decoder does what no decoder should; run as the child's program."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.processor.decoder import child


def denied(act: Callable[[], object]) -> str:
    """Say what the system answered to an act."""
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


ACTS: dict[str, Callable[[Path], object]] = {
    "connect": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "send a datagram": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "talk to a local service": lambda _: socket.socket(socket.AF_UNIX),
    "run a program": lambda _: os.execv("/bin/true", ["true"]),  # noqa: S606
    "run a program beside": lambda _: subprocess.run(["/bin/true"], check=True),
    "fork": lambda _: fork(),
    "kill the parent": lambda _: os.kill(os.getppid(), signal.SIGTERM),
    "read the parent's memory": lambda _: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "read a file of others": lambda folder: (folder.parent / "secret").read_bytes(),
    "write a file of others": lambda folder: (folder.parent / "secret").write_bytes(b"mine"),
    "write beside": lambda folder: (folder.parent / "new").write_bytes(b"mine"),
    "write for everybody": lambda _: Path("/tmp/from-a-decoder").write_bytes(b"mine"),  # noqa: S108
}


def attempt(given: Any, _: object) -> str:
    return denied(lambda: ACTS[given["act"]](Path(given["folder"])))


def allowed(given: Any, _: object) -> str:
    """What a decoder does need: a thread, a file in its folder, one of its own signals."""
    thread = threading.Thread(target=lambda: (Path(given["folder"]) / "out").write_bytes(b"ours"))
    thread.start()
    thread.join()
    return (Path(given["folder"]) / "out").read_text()


def crash(given: Any, _: object) -> None:
    if given["by"] == "abort":
        os.abort()
    if given["by"] == "exit":
        os._exit(3)
    if given["by"] == "error":
        raise ZeroDivisionError("any detail")
    ctypes.string_at(0)


def hog(given: Any, _: object) -> int:
    if given["what"] == "memory":
        return len(bytearray(20 << 30))
    if given["what"] == "file":
        with (Path(given["folder"]) / "out").open("wb") as out:
            for _number in range(200):
                out.write(bytes(1 << 20))
    while given["what"] == "cpu":
        pass
    return 0


def hang(given: Any, work: child.Reporting) -> None:
    if not given.get("silent"):
        time.sleep(0.3)
        work.on_progress(0.5)
    time.sleep(60)


def answer(given: Any, _: object) -> Any:
    return given["value"]


def work_in_units(given: Any, work: child.Reporting) -> tuple[str, ...]:
    """Add a unit for each word, or more than anybody can want; say which were done before."""
    for word in given["words"]:
        work.increments.add(word.encode())
    while given.get("endless"):
        work.increments.add(bytes(10 << 20))
    return tuple(unit.decode() for unit in work.increments.done)


def environment(_: object, __: object) -> tuple[str, ...]:
    return tuple(sorted(os.environ))


def with_problems(operation: Callable[..., Any]) -> Callable[..., tuple[Any, list[str]]]:
    """The operation as the child's table has it: with the codes of what it found doubtful."""

    def both(given: Any, work: child.Reporting) -> tuple[Any, list[str]]:
        return operation(given, work), [given["problem"]] if "problem" in given else []

    return both


def descriptors(_: object, __: object) -> tuple[int, ...]:
    """Say which descriptors are open."""
    return tuple(number for number in range(256) if is_open(number))


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


child.OPERATIONS = {
    name: with_problems(operation)
    for name, operation in {
        "attempt": attempt,
        "allowed": allowed,
        "crash": crash,
        "hog": hog,
        "hang": hang,
        "answer": answer,
        "environment": environment,
        "work_in_units": work_in_units,
        "descriptors": descriptors,
    }.items()
}

if __name__ == "__main__":
    child.main(sys.argv[1:])
