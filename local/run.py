"""`make run`: deploy the templates into the local cloud, process a video, show what came out."""

import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from image import running
from image.build import BuildError, build, default_models
from image.content import Variant
from image.debian_base import NoBaseError
from image.engines import NoEngineError, find_engine
from lifestream.follow import JobStalledError, follow
from lifestream.view.console import Screen
from local import deploy, toolchain
from local.commands import interrupt_on_sigterm, run_command
from local.deployed import ENVIRONMENT, Deployed, download_results, job_store, upload
from local.images import Container
from local.job_report import show_failure, show_logs, show_results, show_trace
from local.pool import Pool, distinct_copy
from local.services_beside import LATER, ServicesBeside
from runtime.core.clock import SystemClock
from runtime.core.contract import Launch
from runtime.core.jobs import Job, Source, State

SILENCE_SECONDS = 300.0


def main(
    video: Annotated[Path | None, typer.Argument(help="A recording of any kind.")] = None,
    *,
    container: Annotated[
        bool, typer.Option("--container", help="Run the processor's image, not its sources.")
    ] = False,
    pool: Annotated[
        bool, typer.Option("--pool", help="Process two videos by a pool of warm workers.")
    ] = False,
    services: Annotated[
        bool, typer.Option(help="Start the API and the web pages beside the job.")
    ] = True,
) -> int:
    """Deploy, process a video, show the results; exit with 0 when the video was processed."""
    video = video or toolchain.sample_video()
    screen = Screen()
    if complaint := unusable(video):
        screen.say(complaint)
        return 2
    interrupt_on_sigterm()
    began = time.monotonic()
    try:
        built = built_container(screen) if container else None
        beside = ServicesBeside() if services else None
        with screen.step("Starting the local cloud"):
            doors = beside.doors if beside else None
            cloud = toolchain.start_cloud(container=built, front_doors=doors)
        with cloud:
            with screen.step("Deploying the templates with the CDK command line"):
                outputs = deploy.deploy(
                    cloud,
                    environment=ENVIRONMENT,
                    launch=Launch.POOL if pool else None,
                    service=beside.settings(cloud) if beside else None,
                    without=LATER if beside else (),
                )
            run = Run(screen, Deployed(cloud, outputs), beside)
            work = process_by_workers if pool else process
            return work(run, video, began)
    except (NoEngineError, BuildError, NoBaseError) as error:
        screen.say(f"The image cannot be run: {error}")
        return 1
    except KeyboardInterrupt:
        screen.say("Stopped; nothing is left running.")
        return 130


def built_container(screen: Screen) -> Container:
    """Build the processor's image, or find it built, and return how to run it."""
    engine = find_engine()
    screen.say(f"Building the processor's image with {engine.name}")
    name = build(engine, Variant(models=default_models()))
    return running.container(engine, name)


def unusable(video: Path) -> str | None:
    """Say why a path cannot be uploaded, or None."""
    if not video.is_file():
        return f"There is no file {video}. Give one with: make run VIDEO=path/to/video.mp4"
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """What is shown where, the deployed environment, and the services beside the job."""

    screen: Screen
    deployed: Deployed
    beside: ServicesBeside | None

    def services(self) -> AbstractContextManager[None]:
        """Run the services, if they are wanted, while the context lasts."""
        if self.beside is None:
            return nullcontext()
        return self.beside.running(self.screen, self.deployed.cloud)


def process(run: Run, video: Path, began: float) -> int:
    """Upload a video, follow its job to the end and present what came of it."""
    screen, deployed = run.screen, run.deployed
    source = send(screen, deployed, video)
    with run.services():
        job = follow_job(screen, deployed, source)
        if job is None:
            return 1
        present(screen, deployed, job)
    screen.say(f"Took {time.monotonic() - began:.0f} s in all.")
    return 0


def process_by_workers(run: Run, video: Path, began: float) -> int:
    """Have a pool grow from nothing for a video; have it process another one while it is warm."""
    screen, deployed = run.screen, run.deployed
    pool = Pool(deployed.cloud, deployed.outputs)
    with screen.step("Waiting until the idle pool has gone to nothing"):
        pool.await_empty()
    source = send(screen, deployed, video)
    with run.services():
        first = follow_job(screen, deployed, source)
        if first is None:
            return 1
        with tempfile.TemporaryDirectory() as folder:
            other = send(screen, deployed, distinct_copy(video, Path(folder)))
        second = follow_job(screen, deployed, other)
        if second is None:
            return 1
        present(screen, deployed, second)
    screen.say()
    columns = ("job", "waited for a worker", "worked on", "by")
    screen.table(columns, [times("first", first), times("second", second)])
    screen.say(f"Took {time.monotonic() - began:.0f} s in all.")
    return 0


def times(which: str, job: Job) -> tuple[str, str, str, str]:
    """Return a row about how long a job that has ended took."""
    started = job.started_at or job.updated_at
    worker = (job.task_arn or "").rsplit("/", 1)[-1][:8]
    waited, worked = started - job.created_at, job.updated_at - started
    return which, f"{waited:.0f} s", f"{worked:.0f} s", f"worker {worker}"


def send(screen: Screen, deployed: Deployed, video: Path) -> Source:
    """Upload a video and return its identity."""
    with screen.step(f"Uploading {video.name} ({video.stat().st_size / 1e6:.1f} MB)"):
        source = upload(deployed, video)
    screen.say(f"  job {source.job_id}")
    return source


def follow_job(screen: Screen, deployed: Deployed, source: Source) -> Job | None:
    """Follow a job; return it if it succeeded, else say why it did not."""
    jobs = job_store(deployed)
    clock = SystemClock()
    updates = follow(lambda: jobs.get(source.job_id), clock=clock, silence_seconds=SILENCE_SECONDS)
    try:
        job = screen.follow(updates)
    except JobStalledError as stalled:
        screen.say(f"The job stalled: {stalled}.")
        show_logs(screen, deployed)
        return None
    if job is None or job.state is not State.SUCCEEDED:
        show_failure(screen, deployed, job)
        return None
    return job


def present(screen: Screen, deployed: Deployed, job: Job) -> None:
    """Download a job's results and show them."""
    folder = download_results(deployed, job, toolchain.ROOT / "out" / job.job_id)
    show_results(screen, folder)
    show_trace(screen, deployed, job)


if __name__ == "__main__":
    run_command(main, "make run")
