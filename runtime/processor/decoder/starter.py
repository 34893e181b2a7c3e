"""Starts decoding children by forking: the libraries of decoding are imported once for all of them.

It has no credentials, reads no upload and starts no thread. Requests arrive on the socket that is
the first argument, one JSON line each: `start` comes with three descriptors (request, messages,
standard error) and is answered with the child's process id, `reap` with its exit status. It ends
when the socket is closed.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys
from typing import Any

from runtime.processor.decoder.sandbox import die_with_parent

_LIBRARIES = (
    "av",
    "cv2",
    "numpy",
    "scenedetect.detectors",
    "runtime.processor.decoder.child",
)
_LINE_BYTES = 1 << 16
_DESCRIPTORS = 3
_MESSAGES, _MOST_DESCRIPTORS = 3, 1024


def main(arguments: list[str]) -> None:
    """Serve requests until the socket is closed."""
    die_with_parent(int(arguments[1]))
    for library in _LIBRARIES:
        importlib.import_module(library)
    # What children share with this process stays shared: a collection would write to all of it.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(arguments[0])) as control:
        while True:
            line, descriptors, _, _ = socket.recv_fds(control, _LINE_BYTES, _DESCRIPTORS)
            if not line:
                return
            request = json.loads(line)
            if "reap" in request:
                _, status = os.waitpid(request["reap"], 0)
                _answer(control, {"status": os.waitstatus_to_exitcode(status)})
                continue
            starter, pid = os.getpid(), os.fork()
            if pid == 0:
                _become_child(request, descriptors, control, starter)
            for descriptor in descriptors:
                os.close(descriptor)
            _answer(control, {"pid": pid})


def _answer(control: socket.socket, answer: dict[str, Any]) -> None:
    control.sendall(json.dumps(answer).encode() + b"\n")


def _become_child(
    request: dict[str, Any], descriptors: list[int], control: socket.socket, starter: int
) -> None:
    """Run the program of the request in this process, as `python -m` does, and exit."""
    code = 1
    try:
        control.close()
        requested, messages, errors = (os.dup(number) for number in descriptors)
        os.dup2(requested, 0)
        os.dup2(errors, 2)
        os.dup2(messages, _MESSAGES)
        os.closerange(_MESSAGES + 1, _MOST_DESCRIPTORS)
        os.chdir(request["folder"])
        sys.argv = [request["program"], str(_MESSAGES), str(starter)]
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
        runpy.run_module(request["program"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as exit_request:
        code = exit_request.code if isinstance(exit_request.code, int) else 1
    except BaseException:  # noqa: BLE001 - printed as an interpreter does at its end
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        # Not `sys.exit`: what the starter registered to run at its end is not the child's.
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
