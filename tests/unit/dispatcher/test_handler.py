"""The composition root: what importing it costs and may do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.core.contract import DISPATCHER_HANDLER

REPOSITORY = Path(__file__).parents[3]
IMPORT_UNDER_WATCH = """
import importlib, json, sys
watched = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen")
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event in watched else None)
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
heavy = [name for name in ("numpy", "torch", "av", "cv2", "faster_whisper") if name in sys.modules]
print(json.dumps({"seen": seen, "heavy": heavy, "callable": callable(handler)}))
"""


@pytest.mark.parametrize("handler", [DISPATCHER_HANDLER, "runtime.reaper.handler.handle"])
def test_should_import_with_an_empty_environment_no_call_and_nothing_heavy(handler: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_UNDER_WATCH, handler],
        cwd=REPOSITORY,
        env={},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == {"seen": [], "heavy": [], "callable": True}
