"""One container at a time: locked down, healthy or not, and what an exec costs."""

import subprocess
from collections.abc import Sequence

import pytest

from image import running
from image.engines import Engine
from runtime.core.contract import HEALTH_COMMAND, WORKER_COMMAND, ExitCode

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

SCRATCH = "/tmp"  # noqa: S108 - the container's

WHO_AM_I = """
import os, pathlib
status = dict(l.split(":", 1) for l in pathlib.Path("/proc/self/status").read_text().splitlines())
print(os.getuid(), os.getgid(), status["CapEff"].strip(), status["CapBnd"].strip(),
      status["NoNewPrivs"].strip(), sorted(os.listdir("/sys/class/net")))
for folder in ("/", "/app", "/models", "/opt/venv", "/etc", "/var/tmp", "/dev/shm"):
    if os.access(folder, os.W_OK):
        print("writable", folder)
pathlib.Path("/tmp/scratch").write_text("x")
print(oct(os.stat("/tmp").st_mode & 0o7777))
"""


def ran(
    engine: Engine, image: str, *command: str, more: Sequence[str] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run the image's own command, or another one past its entry point."""
    options = ["--rm", *running.locked_down(engine, network="none"), *more]
    if command:
        options += ["--entrypoint", command[0]]
    return subprocess.run(
        running.run_command(engine, image, options, *command[1:]),
        check=False,
        capture_output=True,
        text=True,
        env=engine.process_environment(),
    )


def test_should_have_no_rights_no_network_and_no_place_to_write_but_tmp(
    engine: Engine, image: str
) -> None:
    done = ran(engine, image, "python", "-c", WHO_AM_I)
    assert done.stdout.splitlines() == [
        "10001 10001 0000000000000000 0000000000000000 1 ['lo']",
        "writable /dev/shm",
        "0o1777",
    ], done.stderr


def test_should_refuse_to_start_without_a_job(engine: Engine, image: str) -> None:
    done = ran(engine, image)
    assert done.returncode == ExitCode.BAD_CONFIGURATION
    assert "JOB_ID is not set" in done.stdout


def test_should_run_the_module_that_a_task_definition_names(engine: Engine, image: str) -> None:
    options = ["--rm", *running.locked_down(engine, network="none")]
    done = subprocess.run(
        running.run_command(engine, image, options, *WORKER_COMMAND),
        check=False,
        capture_output=True,
        text=True,
        env=engine.process_environment(),
    )
    assert done.returncode == ExitCode.BAD_CONFIGURATION
    assert "WORK_QUEUE_URL is not set" in done.stdout


def health(engine: Engine, image: str, *more: str) -> "subprocess.CompletedProcess[str]":
    return ran(engine, image, *HEALTH_COMMAND, more=more)


def test_should_be_healthy(engine: Engine, image: str) -> None:
    done = health(engine, image)
    assert (done.returncode, done.stderr) == (0, "")


def test_should_be_unhealthy_without_models(engine: Engine, image: str) -> None:
    done = health(engine, image, "--env", "MODELS_DIR=/nowhere")
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "unhealthy: there are no models in /nowhere",
    )


def test_should_be_unhealthy_when_its_scratch_space_is_full(engine: Engine, image: str) -> None:
    done = health(engine, image, "--tmpfs", f"{SCRATCH}:rw,size=1m,mode=1777")
    assert (done.returncode, done.stderr.strip()) == (1, "unhealthy: /tmp is full")


def test_should_have_bytecode_for_what_a_processor_imports(engine: Engine, image: str) -> None:
    done = ran(engine, image, "python", "-c", COUNT_BYTECODE)
    assert done.returncode == 0, done.stderr
    without, loaded = map(int, done.stdout.split()[-2:])
    assert loaded > 1000
    assert without < loaded / 100


COUNT_BYTECODE = """
import os, sys, warnings
warnings.simplefilter("ignore")
import runtime.processor.main, runtime.processor.models.diarization
import runtime.processor.pipeline.pipeline
import faster_whisper, scenedetect.detectors
paths = [getattr(module, "__cached__", None) for module in list(sys.modules.values())]
cached = [path for path in paths if isinstance(path, str)]
print(sum(not os.path.exists(path) for path in cached), len(cached))
"""
