"""The decoding child for real: its answers, its limits, and how its ends are reported."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.core.contract import SceneModel
from runtime.core.errors import Permanent, Retryable
from runtime.core.media import Upload
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.decoder import starting
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.decoder.parent import ChildRequest, run_in_child
from runtime.processor.decoder.sandbox import SandboxLimits
from runtime.processor.decoder.starting import prepare_starter
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.supervision.interruption import StopRequestedError
from tests.unit.processor.decoder.hostile_child import ACTS
from tests.unit.processor.stages.filming import Gauge, ListedIncrements, film

pytestmark = pytest.mark.media

ROOT = Path(__file__).parents[4]
CONFINES = SandboxLimits(memory_mb=2000, cpu_seconds=20, file_mb=10)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The job's folder, beside somebody else's secret."""
    (tmp_path / "secret").write_bytes(b"theirs")
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def request(folder: Path, operation: str, kind: Any = str, **arguments: Any) -> ChildRequest:
    return ChildRequest(
        operation=operation,
        arguments={"folder": folder, **arguments},
        folder=folder,
        kind=kind,
        sandbox=CONFINES,
        silence_seconds=10.0,
        program="tests.unit.processor.decoder.hostile_child",
    )


def asked(request: ChildRequest) -> Any:
    return run_in_child(request, lambda _: None).value


def code_of(request: ChildRequest) -> str:
    with pytest.raises(Permanent) as caught:
        asked(request)
    assert caught.value.summary.endswith(".")
    return caught.value.code


def test_should_answer_as_the_stages_do(folder: Path) -> None:
    path = film(folder / "clip.mp4")
    info = probe(path)
    assert Decoder().probe(Upload(path=path, key=path.name)) == StageOutput(value=info)
    audio = Decoder().extract_audio(path, info, folder / "theirs.wav", Gauge()).value
    ours = extract_audio(path, info, folder / "ours.wav", Gauge())
    assert audio.duration_seconds == ours.duration_seconds
    assert audio.path.read_bytes() == ours.path.read_bytes()
    scenes = detect_scenes(path, info, Gauge())
    assert Decoder().detect_scenes(path, info, Gauge()) == StageOutput(value=scenes)


def test_should_refuse_as_the_stages_do(folder: Path) -> None:
    path = folder / "notes.mp4"
    path.write_text("Dear diary, this is no video.\n")
    with pytest.raises(Permanent) as caught:
        Decoder().probe(Upload(path=path, key=path.name))
    assert caught.value.code == "media.not_a_video"
    assert caught.value.resolution


@linux
@pytest.mark.parametrize("act", ACTS)
def test_should_not_be_able_to(folder: Path, act: str) -> None:
    assert asked(request(folder, "attempt", act=act)) == "PermissionError"
    assert (folder.parent / "secret").read_bytes() == b"theirs"


def test_should_be_able_to_work(folder: Path) -> None:
    assert asked(request(folder, "allowed")) == "ours"


def test_should_know_nothing_of_its_parents_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/any")
    names = asked(request(folder, "environment", tuple[str, ...]))
    assert not any(name.startswith("AWS") for name in names)


def test_should_not_reach_what_started_it(folder: Path) -> None:
    # Its request, nothing, errors and messages: a socket to the starter would start other programs.
    assert asked(request(folder, "descriptors", tuple[int, ...])) == (0, 1, 2, 3)


@linux
def test_should_start_children_again_after_their_starter_was_killed(folder: Path) -> None:
    prepare_starter()
    kill_starter()
    assert asked(request(folder, "allowed")) == "ours"


@linux
def test_should_keep_the_starter_when_the_thread_ends_that_needed_it_first(folder: Path) -> None:
    """The kernel ends a child with the thread that has started it, and stages run in threads."""
    kill_starter_if_any()
    first = threading.Thread(target=lambda: asked(request(folder, "allowed")))
    first.start()
    first.join()
    time.sleep(0.2)  # the kernel's signal would have come
    assert running_starter() is not None


def test_should_blame_no_video_for_a_starter_that_is_killed(folder: Path) -> None:
    with pytest.raises(Retryable) as caught:
        run_in_child(request(folder, "hang"), lambda _: kill_starter())
    assert caught.value.code == "media.decoder_out_of_memory"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("by", ["segfault", "abort", "exit"])
def test_should_tell_a_crash(folder: Path, by: str) -> None:
    assert code_of(request(folder, "crash", by=by)) == "media.decoder_crashed"


def test_should_not_blame_the_video_for_a_child_that_does_not_start(folder: Path) -> None:
    with pytest.raises(Retryable) as caught:
        asked(replace(request(folder, "allowed"), program="tests.no_such_program"))
    assert caught.value.code == "worker.decoder_not_started"


def test_should_log_why_it_crashed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert code_of(request(folder, "crash", by="error")) == "media.decoder_failed"
    assert "ZeroDivisionError: any detail" in caplog.text


@linux
@pytest.mark.parametrize(
    ("what", "code"), [("memory", "media.decoder_out_of_memory"), ("file", "media.too_long")]
)
def test_should_not_go_beyond_its_means(folder: Path, what: str, code: str) -> None:
    assert code_of(request(folder, "hog", what=what)) == code


@linux
def test_should_end_when_its_processor_time_is_used_up(folder: Path) -> None:
    short = replace(CONFINES, cpu_seconds=1)
    spinning = replace(request(folder, "hog", what="cpu"), sandbox=short)
    assert code_of(spinning) == "media.decoder_too_slow"


def test_should_not_wait_for_a_decoder_that_stands_still(folder: Path) -> None:
    standing = replace(request(folder, "hang"), silence_seconds=2.0)
    heard: list[float] = []
    with pytest.raises(Permanent) as caught:
        run_in_child(standing, heard.append)
    assert caught.value.code == "media.decoder_hung"
    assert heard[-1] == 0.5


@pytest.mark.parametrize("silent", [False, True])
def test_should_end_with_the_work_that_asked(folder: Path, *, silent: bool) -> None:
    def stop(_: float) -> None:
        raise StopRequestedError("any.reason")

    with pytest.raises(StopRequestedError):
        run_in_child(request(folder, "hang", silent=silent), stop)


@pytest.mark.parametrize(
    ("kind", "value"), [(str, 1), (float, "any"), (float, float("nan")), (float, float("inf"))]
)
def test_should_not_believe_an_answer_of_another_shape(
    folder: Path, kind: type, value: object
) -> None:
    assert code_of(request(folder, "answer", kind, value=value)) == "media.decoder_failed"


def test_should_not_believe_a_caveat_that_there_is_not(folder: Path) -> None:
    assert code_of(request(folder, "answer", value="any", problem="any.other")) == (
        "media.decoder_failed"
    )


def test_should_hand_units_of_work_to_and_fro(folder: Path) -> None:
    increments = ListedIncrements(done=[b"one", b"two"])
    working = request(folder, "work_in_units", tuple[str, ...], words=("three", "four"))
    assert asked(replace(working, increments=increments)) == ("one", "two")
    assert increments.added == [b"three", b"four"]


def test_should_not_take_more_units_than_any_video_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.processor.decoder.parent._MAX_UNIT_BYTES", 25 << 20)
    increments = ListedIncrements()
    endless = request(folder, "work_in_units", tuple[str, ...], words=(), endless=True)
    assert code_of(replace(endless, increments=increments)) == "media.decoder_failed"
    assert len(increments.added) == 2


@linux
def test_should_die_with_its_parent(folder: Path) -> None:
    """A parent that is killed in the middle leaves no child behind."""
    program = (
        "from pathlib import Path\n"
        "from tests.unit.processor.decoder.test_decoder import request, run_in_child\n"
        f"folder = Path({str(folder)!r})\n"
        "run_in_child(request(folder, 'hang'), lambda _: print('alive', flush=True))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout as said:
        assert said.readline() == "alive\n"
        (starter,) = children_of(parent.pid)
        (child,) = children_of(starter)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        # The pidfd becomes readable when the child is gone.
        watch = os.pidfd_open(child)
        assert select.select([watch], [], [], 120.0)[0]
        os.close(watch)


def running_starter() -> int | None:
    for child in children_of(os.getpid()):
        with suppress(OSError):
            if b"decoder.starter" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return None


def kill_starter_if_any() -> None:
    """Kill it and wait until the next child has noticed."""
    if (starter := running_starter()) is not None:
        os.kill(starter, signal.SIGKILL)
        starting._current.pop().end()


def kill_starter() -> None:
    (starter,) = (
        child
        for child in children_of(os.getpid())
        if b"decoder.starter" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    os.kill(starter, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]


@pytest.mark.models
def test_should_look_for_gradual_transitions_in_a_child_that_sees_the_models(
    folder: Path, models: Path
) -> None:
    path = film(folder / "clip.mp4", seconds=2.0)
    decoder = Decoder(scene_model=SceneModel.TRANSNETV2, models_dir=models)
    gauge = Gauge()
    made = decoder.detect_scenes(path, probe(path), gauge)
    assert [(scene.start_seconds, scene.end_seconds) for scene in made.value] == [(0.0, 2.0)]


def test_should_say_that_the_weights_are_missing(folder: Path, tmp_path: Path) -> None:
    path = film(folder / "clip.mp4")
    decoder = Decoder(scene_model=SceneModel.TRANSNETV2, models_dir=tmp_path / "models")
    with pytest.raises(Permanent) as caught:
        decoder.detect_scenes(path, probe(path), lambda _: None)
    assert caught.value.code == "models.missing"
