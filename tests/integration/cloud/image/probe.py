"""What the image `probe` runs: does what its first argument says."""

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from types import FrameType


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def show_environment() -> None:
    say(json.dumps(dict(os.environ)))


def show_metadata() -> None:
    url = os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 the emulator's own address
        say(answer.read().decode())


def show_identity() -> None:
    import boto3  # noqa: PLC0415 only this action needs it

    say(boto3.client("sts").get_caller_identity()["Arn"])


def end_with(code: str, once_reachable: str = "") -> None:
    while once_reachable:
        try:
            socket.create_connection(("127.0.0.1", int(once_reachable))).close()
            break
        except OSError:
            time.sleep(0.05)
    say(f"ending with {code}")
    sys.exit(int(code))


def wait(on_term: str, reachable: str = "") -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        say("asked to stop")
        if on_term != "ignore":
            sys.exit(int(on_term))

    signal.signal(signal.SIGTERM, stop)
    show_environment()
    server = socket.create_server(("127.0.0.1", int(reachable))) if reachable else None
    say("ready")
    while server is None or server.fileno():
        time.sleep(0.05)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
