"""The worker's parts by themselves: holding a message, pausing, settings, health."""

import json
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from runtime.core.contract import VERSION, WORKER_PORT, EnvVar
from runtime.core.errors import Permanent, Retryable
from runtime.core.ports import WorkMessage
from runtime.processor.settings import BadConfigurationError, WorkerSettings
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.health import HealthServer, worker_health
from runtime.processor.worker.visibility import VisibilityExtender
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.work_queue import VISIBILITY_SECONDS, FakeWorkQueue
from tests.unit.processor.test_settings import ENVIRON
from tests.unit.processor.worker.pool import Pool

PATIENCE_SECONDS = 120.0
JOB_ONLY = {
    EnvVar.JOB_ID,
    EnvVar.JOB_ATTEMPT,
    EnvVar.S3_BUCKET,
    EnvVar.S3_KEY,
    EnvVar.S3_ETAG,
}
WORKER_ENVIRON: dict[str, str] = {
    **{name: value for name, value in ENVIRON.items() if name not in JOB_ONLY},
    EnvVar.WORK_QUEUE_URL: "any-work",
    EnvVar.JOBS_QUEUE_URL: "any-jobs",
    EnvVar.WORK_VISIBILITY_SECONDS: "120",
}


class Held:
    """A message that a hold is kept on; `aborted` is set when the process would end."""

    def __init__(self, visibility_seconds: float = VISIBILITY_SECONDS) -> None:
        self.clock = FakeClock()
        self.work = FakeWorkQueue(clock=self.clock)
        self.log = CapturedLog()
        self.aborted = threading.Event()
        self.work.send("any")
        message = self.work.receive()
        assert message is not None
        self.hold = VisibilityExtender(
            self.work,
            message,
            visibility_seconds=visibility_seconds,  # type: ignore[arg-type] # a fraction, to be quick
            log=self.log,
            abort=lambda _why: self.aborted.set(),
        )


def test_should_keep_a_message_hidden_for_as_long_as_it_beats() -> None:
    held = Held()
    for _ in range(20):
        held.clock.advance(VISIBILITY_SECONDS / 3)
        assert held.hold.once()
        assert held.work.visible == []
    held.clock.advance(VISIBILITY_SECONDS)
    assert held.work.visible == ["any"]


def test_should_beat_again_after_a_passing_fault() -> None:
    held = Held()
    held.work.faults["hide"] = [Retryable("any.busy", "Busy.", "Wait.")]
    assert held.hold.once()
    assert held.log.actions("WARNING") == ["worker.hold_failed"]
    held.clock.advance(VISIBILITY_SECONDS - 1)
    assert held.hold.once()
    assert held.work.visible == []


def test_should_let_go_of_what_it_cannot_hold() -> None:
    held = Held()
    held.clock.advance(VISIBILITY_SECONDS)
    assert not held.hold.once()
    assert held.log.actions("WARNING") == ["worker.hold_lost"]


def test_should_beat_by_itself_and_stop_with_its_context() -> None:
    held = Held(visibility_seconds=0.03)
    beaten = threading.Event()
    hide = held.work.hide

    def noted(message: WorkMessage, seconds: int) -> None:
        hide(message, VISIBILITY_SECONDS + int(seconds))
        beaten.set()

    held.work.hide = noted  # type: ignore[method-assign]
    with held.hold:
        assert beaten.wait(PATIENCE_SECONDS)
    assert "message-hold" not in {thread.name for thread in threading.enumerate()}
    assert not held.aborted.is_set()


def test_should_end_the_process_when_its_thread_dies() -> None:
    held = Held(visibility_seconds=0.03)

    def break_down(message: WorkMessage, seconds: int) -> None:
        raise KeyError(message, seconds)

    held.work.hide = break_down  # type: ignore[method-assign]
    with held.hold:
        assert held.aborted.wait(PATIENCE_SECONDS)
    assert held.log.actions("ERROR") == ["worker.hold_died"]


def test_should_pause_longer_each_time_and_no_longer_than_a_minute() -> None:
    pauses: list[float] = []
    backoff = Backoff(pause=pauses.append, jitter=lambda: 1.0)
    for _ in range(7):
        backoff.failed()
    backoff.succeeded()
    backoff.failed()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 1.0]


def test_should_read_the_settings_of_a_worker() -> None:
    settings = WorkerSettings.from_environ(WORKER_ENVIRON)
    assert (settings.work_queue_url, settings.jobs_queue_url) == ("any-work", "any-jobs")
    assert (settings.visibility_seconds, settings.port) == (120, WORKER_PORT)
    other = WorkerSettings.from_environ({**WORKER_ENVIRON, EnvVar.WORKER_PORT: "9000"})
    assert other.port == 9000


@pytest.mark.parametrize("name", WORKER_ENVIRON)
def test_should_name_what_a_worker_misses(name: str) -> None:
    environ = {k: v for k, v in WORKER_ENVIRON.items() if k != name}
    with pytest.raises(BadConfigurationError, match=rf"\b{name} is not set"):
        WorkerSettings.from_environ(environ)


def test_should_tell_how_it_is_over_http(tmp_path: Path) -> None:
    pool = Pool(tmp_path)
    # The switch of sudden death lets one call through at a time, and this one is made in another.
    pool.worker.protection = pool.manager
    source = pool.upload()
    seen: list[dict[str, object]] = []
    server = HealthServer(
        host="127.0.0.1",
        port=0,
        service="any",
        snapshot=lambda: worker_health(pool.worker, environment="any"),
    ).start()

    def look(_name: str) -> None:
        pool.jobs.before_call = lambda _: None
        with urlopen(f"http://127.0.0.1:{server.port}/health", timeout=PATIENCE_SECONDS) as answer:
            seen.append(json.load(answer))

    pool.jobs.before_call = look
    pool.run()
    server.close()
    (health,) = seen
    assert health["status"] == "ok"
    assert health["version"] == VERSION
    assert (health["ecsDeployment"], health["activeJobs"]) == (True, 1)
    assert (health["taskProtectionActive"], health["taskProtectionMonitoring"]) == (True, True)
    assert health["currentJobId"] == source.job_id
    assert (health["jobsTaken"], health["stopping"]) == (1, False)


def test_should_be_unhealthy_when_no_one_renews_protection(tmp_path: Path) -> None:
    assert not worker_health(Pool(tmp_path).worker, environment="any").healthy


def test_should_have_the_version_of_the_project() -> None:
    project = Path(__file__).parents[4] / "pyproject.toml"
    assert f'version = "{VERSION}"' in project.read_text()


def test_should_raise_in_the_thread_that_asks_what_a_poll_raises(tmp_path: Path) -> None:
    pool = Pool(tmp_path)
    pool.work.faults["receive"] = [Permanent("any.denied", "Denied.", "Grant it.")]
    with pytest.raises(Permanent, match=r"any\.denied"):
        pool.worker.inbox.next()
    pool.worker.inbox.close()
