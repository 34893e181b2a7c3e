"""`python -m local.composed`: the local cloud of compose.yaml, and the folder it takes videos from.

Compose starts the workers, the API and the pages, so their services are not deployed, nor alarms.
All else is, by the CDK command line.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lifestream.view.console import Screen
from local import deploy, toolchain
from local.commands import interrupt_on_sigterm, run_command
from local.deployed import ENVIRONMENT, Deployed, download_results, job_store, upload
from local.emulator.settings import HOST
from local.issuer.process import local_issuer
from local.service_settings import API, WEB, service_settings
from runtime.core.contract import API_PORT, WEB_PORT, Launch
from runtime.core.jobs import Job, State

PORT, ISSUER_PORT = 4566, 9001
API_URL, WEB_URL = f"http://{HOST}:{API_PORT}", f"http://{HOST}:{WEB_PORT}"
STATE = Path("/tmp/cloud")  # noqa: S108 - the container's own
READY = STATE / "ready"
"""Its existence is the container's health check: all is deployed."""

VIDEOS, OUT = Path("/videos"), Path("/out")
STARTED_BY_COMPOSE = ("/Workers", "/Service", "/Observability")
"""Ends of the paths of stacks that are not deployed."""

POLL_SECONDS = 1.0
SETTLED_SECONDS = 2.0
"""A file that has not changed for this long has been copied whole."""

UNFINISHED = (".part", ".crdownload", ".download", ".tmp")
"""Suffixes of files that a program still writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFolder:
    """A folder whose videos become jobs: `upload` returns a job id, `deliver` gets an ended job."""

    folder: Path
    upload: Callable[[Path], str]
    job: Callable[[str], Job | None]
    deliver: Callable[[Path, Job], None]
    wall: Callable[[], float] = time.time
    _known: dict[Path, float] = field(default_factory=dict)
    _waiting: dict[str, Path] = field(default_factory=dict)

    def poll(self) -> None:
        """Upload new and changed videos; deliver the jobs that have ended."""
        for video in list(self._arrivals()):
            self._waiting[self.upload(video)] = video
        for job_id, video in list(self._waiting.items()):
            job = self.job(job_id)
            if job is not None and job.ended:
                del self._waiting[job_id]
                self.deliver(video, job)

    def _arrivals(self) -> Iterator[Path]:
        for video in sorted(self.folder.iterdir()):
            if not video.is_file() or _is_unfinished(video.name):
                continue
            changed = video.stat().st_mtime
            settled = self.wall() - changed >= SETTLED_SECONDS
            if settled and self._known.get(video) != changed:
                self._known[video] = changed
                yield video


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def main() -> int:
    """Start and deploy the local cloud, then process videos until stopped."""
    interrupt_on_sigterm()
    screen = Screen()
    READY.unlink(missing_ok=True)
    try:
        with screen.step("Starting the local cloud"):
            cloud = toolchain.start_cloud(state_dir=STATE, port=PORT)
        with cloud, local_issuer(STATE / "issuer", port=ISSUER_PORT) as issuer:
            with screen.step("Deploying the templates with the CDK command line"):
                outputs = deploy.deploy(
                    cloud,
                    environment=ENVIRONMENT,
                    launch=Launch.POOL,
                    service=service_settings(
                        cloud.endpoint_url, issuer, {API: API_URL, WEB: WEB_URL}
                    ),
                    without=STARTED_BY_COMPOSE,
                )
            READY.touch()
            screen.say(f"Videos that are put into {VIDEOS} are processed; see {OUT}.")
            screen.fields([("web pages", WEB_URL), ("API", API_URL), ("token", issuer.token)])
            process_videos(screen, Deployed(cloud, outputs))
    except KeyboardInterrupt:
        screen.say("Stopped; nothing of it is kept.")
    finally:
        READY.unlink(missing_ok=True)
    return 0


def process_videos(screen: Screen, deployed: Deployed) -> None:
    """Process the folder's videos, present and future ones, until interrupted."""

    def uploaded(video: Path) -> str:
        job_id = upload(deployed, video).job_id
        screen.say(f"{video.name}: job {job_id}")
        return job_id

    def deliver(video: Path, job: Job) -> None:
        if job.state is State.SUCCEEDED:
            folder = download_results(deployed, job, OUT / job.job_id)
            screen.say(f"{video.name}: done, {folder}")
        else:
            why = job.failure.summary if job.failure else job.state.value
            screen.say(f"{video.name}: {why}")

    drop = DropFolder(folder=VIDEOS, upload=uploaded, job=job_store(deployed).get, deliver=deliver)
    while True:
        drop.poll()
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    run_command(main, "python -m local.composed")
