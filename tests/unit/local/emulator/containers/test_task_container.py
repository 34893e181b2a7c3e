import os
import signal
import sys
import time
from pathlib import Path

import pytest

from local.emulator.containers import task_container
from local.emulator.containers.task_process import TaskProcess
from local.images import Container, Image, Images

WAIT_SECONDS = 120.0

TOOL = """#!{python} -IS
# A container tool that runs the command as a process and notes how it was called.
import json, os, pathlib, signal, sys, time
notes = pathlib.Path({notes!r})
word, *rest = sys.argv[1:]
with (notes / "calls").open("a") as calls:
    calls.write(json.dumps([word, *rest]) + "\\n")
if word == "run":
    (notes / "pid").write_text(str(os.getpid()))
    name = rest[rest.index("image:any") + 1]
    print("variables:", open(rest[rest.index("--env-file") + 1]).read().split(), flush=True)
    if name == "work":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(12))
        print("working", flush=True)
        time.sleep(60)
    sys.exit(137 if name == "swell" else 0)
if word == "inspect":
    print("true" if "swell" in (notes / "calls").read_text() else "false")
"""


@pytest.fixture
def image(tmp_path: Path) -> Image:
    tool = tmp_path / "tool"
    tool.write_text(TOOL.format(python=sys.executable, notes=str(tmp_path)))
    tool.chmod(0o755)
    container = Container(tool=(str(tool),), run=("run", "--locked"), image="image:any")
    return Image(
        repository_prefix="any", python=Path("/none"), code=Path("/none"), container=container
    )


def started(
    image: Image, folder: Path, *command: str, memory_mib: int | None = None
) -> TaskProcess:
    def note(line: str) -> None:
        with (folder / "lines").open("a") as lines:
            lines.write(f"{line}\n")

    return task_container.start(
        image,
        name="a-task",
        command=command,
        environment={"JOB_ID": "1"},
        definition={"linuxParameters": {"initProcessEnabled": True}},
        memory_mib=memory_mib,
        folder=folder,
        on_line=note,
    )


def wait_for(path: Path, words: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not path.exists() or words not in path.read_text():
        assert time.monotonic() < deadline, f"{words} never came"
        time.sleep(0.02)


def test_should_run_the_image_with_the_tasks_own_options(image: Image, tmp_path: Path) -> None:
    process = started(image, tmp_path, "end", memory_mib=512)
    assert process.wait(WAIT_SECONDS)
    assert process.exit_code == 0
    calls = (tmp_path / "calls").read_text().splitlines()[0]
    for option in ("--locked", "--memory=512m", "--memory-swap=512m", "--init", "a-task"):
        assert f'"{option}"' in calls
    assert "variables: ['JOB_ID=1']" in (tmp_path / "lines").read_text()
    assert task_container.reason(tmp_path) is None


def test_should_hand_sigterm_to_the_container_and_tell_its_exit_code(
    image: Image, tmp_path: Path
) -> None:
    process = started(image, tmp_path, "work")
    wait_for(tmp_path / "lines", "working")
    process.stop(WAIT_SECONDS)
    assert process.exit_code == 12


def test_should_say_when_the_container_was_out_of_memory(image: Image, tmp_path: Path) -> None:
    process = started(image, tmp_path, "swell")
    assert process.wait(WAIT_SECONDS)
    assert process.exit_code == 137
    assert task_container.reason(tmp_path) == (
        "OutOfMemoryError: Container killed due to memory usage"
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_should_remove_the_container_however_its_keeper_ends(
    image: Image, tmp_path: Path, number: signal.Signals
) -> None:
    process = started(image, tmp_path, "work")
    wait_for(tmp_path / "lines", "working")
    os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), number)
    wait_for(tmp_path / "calls", '["rm", "--force", "--volumes", "a-task"]')
    assert process.wait(WAIT_SECONDS)
    assert '["kill", "a-task"]' in (tmp_path / "calls").read_text()


def test_should_reach_the_emulators_process(image: Image) -> None:
    assert Images.from_json(Images((image,)).to_json()) == Images((image,))
