import json
import logging
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.core.contract import EnvVar, ExitCode, Metric, Stage
from runtime.core.ports import Progress
from runtime.core.spans import Part, trace_id
from runtime.processor.attempt import Ports
from runtime.processor.host.library_log import forward_library_logs
from runtime.processor.main import run
from tests.fakes.log import CapturedLog
from tests.unit.processor.studio import Studio

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def process_wide_state() -> Iterator[None]:
    """Put back what a composition root may set: signal handlers and the root logger."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    root, level, kept = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.captureWarnings(False)
    root.handlers = kept
    root.setLevel(level)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def environ(studio: Studio, attempt: int) -> dict[str, str]:
    return {
        EnvVar.ENVIRONMENT: "any-environment",
        EnvVar.JOB_ID: studio.source.job_id,
        EnvVar.JOB_ATTEMPT: str(attempt),
        EnvVar.S3_BUCKET: studio.source.bucket,
        EnvVar.S3_KEY: studio.source.key,
        EnvVar.S3_ETAG: studio.source.etag,
        EnvVar.JOBS_TABLE: "any",
        EnvVar.IDEMPOTENCY_TABLE: "any",
        EnvVar.AWS_REGION: "us-east-1",
        EnvVar.MODELS_DIR: "any",
        EnvVar.WORK_DIR: str(studio.work_dir),
        EnvVar.JOB_TIMEOUT_SECONDS: "60",
    }


def run_in(studio: Studio, environment: dict[str, str]) -> tuple[ExitCode, list[dict[str, Any]]]:
    written: list[str] = []
    code = run(
        environment,
        ports=lambda _: Ports(objects=studio.objects, jobs=studio.jobs),
        toolkit=lambda _: studio.tools(),
        clock=studio.clock,
        write=written.append,
        traces=lambda *_: studio.tracing,
    )
    return code, [json.loads(line) for line in written]


def test_should_process_the_job_of_its_environment(studio: Studio) -> None:
    attempt = studio.dispatch().attempt
    code, lines = run_in(studio, environ(studio, attempt))
    assert code is ExitCode.SUCCESS
    assert {(line["job_id"], line["trace_id"], line["attempt"]) for line in lines} == {
        (studio.source.job_id, trace_id(studio.source.job_id), attempt)
    }
    assert lines[-1]["action"] == "process.ended"
    assert lines[-1]["exit_code"] == ExitCode.SUCCESS
    (counted,) = (line for line in lines if Metric.JOBS_SUCCEEDED in line)
    assert counted["environment"] == "any-environment"


def test_should_send_its_trace_before_it_ends(studio: Studio) -> None:
    flushed_after: list[Part | Stage] = []
    studio.tracing.flush = lambda: flushed_after.append(studio.tracing.spans[-1].part)  # type: ignore[method-assign]
    run_in(studio, environ(studio, studio.dispatch().attempt))
    assert flushed_after == [Part.PROCESS]


def test_should_touch_nothing_when_its_environment_is_wrong(studio: Studio) -> None:
    launched = studio.dispatch()
    environment = environ(studio, launched.attempt)
    del environment[EnvVar.MODELS_DIR]
    code, (line,) = run_in(studio, environment)
    assert code is ExitCode.BAD_CONFIGURATION
    assert "MODELS_DIR is not set" in line["reason"]
    assert line["job_id"] == studio.source.job_id
    assert line["trace_id"] == trace_id(studio.source.job_id)
    assert studio.job == launched


class SignalledStudio(Studio):
    """`signal_and_wait` sends a stop signal and returns when it was noted."""

    def __init__(self, work_dir: Path) -> None:
        super().__init__(work_dir=work_dir)
        self.noted = threading.Event()

    def signal_and_wait(self, _: Progress) -> None:
        signal.raise_signal(signal.SIGTERM)
        assert self.noted.wait(120)


@pytest.fixture
def signalled(tmp_path: Path) -> SignalledStudio:
    return SignalledStudio(tmp_path)


def run_and_note(
    studio: SignalledStudio, **variables: str
) -> tuple[ExitCode, list[dict[str, Any]]]:
    written: list[dict[str, Any]] = []

    def write(line: str) -> None:
        written.append(json.loads(line))
        if written[-1]["action"].startswith("shutdown."):
            studio.noted.set()

    code = run(
        environ(studio, studio.dispatch().attempt) | variables,
        ports=lambda _: Ports(objects=studio.objects, jobs=studio.jobs),
        toolkit=lambda _: studio.tools(),
        clock=studio.clock,
        write=write,
    )
    return code, written


def test_should_finish_a_job_that_is_done_in_time_after_sigterm(
    signalled: SignalledStudio,
) -> None:
    signalled.meanwhile[Stage.TRANSCRIBE] = signalled.signal_and_wait
    code, _ = run_and_note(signalled, **{EnvVar.STOP_TIMEOUT_SECONDS: "120"})
    assert code is ExitCode.SUCCESS
    assert signalled.job.state == "SUCCEEDED"


def test_should_hand_the_job_back_when_the_stop_timeout_comes_near(
    signalled: SignalledStudio,
) -> None:
    signalled.meanwhile[Stage.TRANSCRIBE] = signalled.signal_and_wait
    signalled.meanwhile[Stage.DIARIZE] = lambda _: signalled.clock.advance(70.0)
    code, lines = run_and_note(
        signalled, **{EnvVar.STOP_TIMEOUT_SECONDS: "120", EnvVar.JOB_TIMEOUT_SECONDS: "600"}
    )
    assert code is ExitCode.RESUMABLE
    assert (signalled.job.state, signalled.job.runs) == ("PENDING", 0)
    assert lines[-1]["meaning"] == "resumable"


def test_should_let_no_second_signal_change_anything(signalled: SignalledStudio) -> None:
    signalled.meanwhile[Stage.TRANSCRIBE] = signalled.signal_and_wait
    signalled.meanwhile[Stage.DIARIZE] = lambda _: signal.raise_signal(signal.SIGINT)
    code, _ = run_and_note(signalled, **{EnvVar.STOP_TIMEOUT_SECONDS: "120"})
    assert code is ExitCode.SUCCESS


def test_should_enforce_the_timeout_of_its_environment(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = lambda _: studio.clock.advance(60.0)
    code, _ = run_in(studio, environ(studio, studio.dispatch().attempt))
    assert code is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "job.deadline_exceeded"


def test_should_put_what_libraries_say_into_the_log() -> None:
    log = CapturedLog()
    forward_library_logs(log)
    logging.getLogger("any.library").warning("%s happened", "it")
    logging.getLogger("faster_whisper").info("what was said")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("beware", UserWarning, stacklevel=1)
    first, second = log.lines
    assert first.fields == {"logger": "any.library", "message": "it happened"}
    assert "beware" in second.fields["message"]


def test_should_load_no_model_library_before_there_is_a_job_to_do() -> None:
    heavy = "('torch', 'faster_whisper', 'pyannote.audio', 'scenedetect', 'av', 'cv2')"
    code = f"import sys, runtime.processor.main; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
    assert answer.stdout.strip() == b"[]"


def test_should_exit_with_the_code_when_run_as_a_module() -> None:
    command = [sys.executable, "-m", "runtime.processor"]
    answer = subprocess.run(command, check=False, capture_output=True, env={}, cwd=ROOT)
    assert answer.returncode == ExitCode.BAD_CONFIGURATION
    assert json.loads(answer.stdout)["action"] == "configuration.bad"
