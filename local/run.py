"""`make run`: deploy the templates into the local cloud, process a video, show what came out."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from image import running
from image.build import BuildError, build, default_models
from image.content import Variant
from image.debian_base import NoBaseError
from image.engines import NoEngineError, find_engine
from lifestream.follow import JobStalledError, follow
from lifestream.view.console import Screen
from lifestream.view.waterfall import COLUMNS, waterfall
from local import deploy, toolchain
from local.cloud import LocalCloud
from local.images import Container
from local.pool import Pool, another
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.xray import XRayTraces
from runtime.core.clock import SystemClock
from runtime.core.contract import (
    UPLOADS_PREFIX,
    VIDEO_SUFFIXES,
    Launch,
    Output,
    ResultFile,
    result_prefix,
)
from runtime.core.jobs import Job, Source, State
from runtime.core.spans import trace_id

ENVIRONMENT = "dev"
SILENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """A running local cloud with the environment deployed in it."""

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @property
    def bucket(self) -> str:
        """The media bucket."""
        return self.outputs[Output.MEDIA_BUCKET]


def main(arguments: list[str] | None = None) -> int:
    """Run once; the exit status is 0 when the video was processed."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("video", nargs="?", type=Path, help="an .mp4 or .mov file")
    parser.add_argument(
        "--container", action="store_true", help="run the processor's image, not its sources"
    )
    parser.add_argument(
        "--pool", action="store_true", help="run jobs by warm workers, and two of them"
    )
    given = parser.parse_args(arguments)
    video = given.video or toolchain.sample_video()
    screen = Screen()
    if complaint := unusable(video):
        screen.say(complaint)
        return 2
    signal.signal(signal.SIGTERM, stop_like_ctrl_c)
    began = time.monotonic()
    try:
        container = built_container(screen) if given.container else None
        with screen.step("Starting the local cloud"):
            cloud = toolchain.start_cloud(container=container)
        with cloud:
            with screen.step("Deploying the templates with the CDK command line"):
                launch = Launch.POOL if given.pool else None
                outputs = deploy.deploy(cloud, environment=ENVIRONMENT, launch=launch)
            work = process_by_workers if given.pool else process
            return work(screen, Deployed(cloud, outputs), video, began)
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


def stop_like_ctrl_c(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Unwind on SIGTERM as on Ctrl-C, so that the cloud and its tasks are stopped."""
    raise KeyboardInterrupt


def unusable(video: Path) -> str | None:
    """Say why a path cannot be uploaded, or None."""
    if not video.is_file():
        return f"There is no file {video}. Give one with: make run VIDEO=path/to/video.mp4"
    if not video.name.endswith(VIDEO_SUFFIXES):
        allowed = " or ".join(VIDEO_SUFFIXES)
        return f"{video.name} does not end in {allowed} (lower case), so the bucket ignores it."
    return None


def process(screen: Screen, deployed: Deployed, video: Path, began: float) -> int:
    """Upload a video, follow its job to the end and present what came of it."""
    job = run_job(screen, deployed, video)
    if job is None:
        return 1
    present(screen, deployed, job)
    screen.say(f"Took {time.monotonic() - began:.0f} s in all.")
    return 0


def process_by_workers(screen: Screen, deployed: Deployed, video: Path, began: float) -> int:
    """Have a pool grow from nothing for a video; have it process another one while it is warm."""
    pool = Pool(deployed.cloud, deployed.outputs)
    with screen.step("Waiting until the idle pool has gone to nothing"):
        pool.await_nothing()
    first = run_job(screen, deployed, video)
    if first is None:
        return 1
    with tempfile.TemporaryDirectory() as folder:
        other = another(video, Path(folder))
        second = run_job(screen, deployed, other)
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


def run_job(screen: Screen, deployed: Deployed, video: Path) -> Job | None:
    """Upload a video and follow its job; return it if it succeeded, else say why it did not."""
    with screen.step(f"Uploading {video.name} ({video.stat().st_size / 1e6:.1f} MB)"):
        source = upload(deployed, video)
    screen.say(f"  job {source.job_id}")
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


def upload(deployed: Deployed, video: Path) -> Source:
    """Upload a video under its own name and return its identity."""
    store = S3ObjectStore(deployed.cloud.client("s3"))
    key = UPLOADS_PREFIX + video.name
    store.upload(video, deployed.bucket, key, "video/mp4")
    return store.head(deployed.bucket, key)


def job_store(deployed: Deployed) -> DynamoJobStore:
    """Return the jobs of the deployed environment."""
    return DynamoJobStore(
        deployed.cloud.client("dynamodb"),
        jobs_table=deployed.outputs[Output.JOBS_TABLE],
        idempotency_table=deployed.outputs[Output.IDEMPOTENCY_TABLE],
    )


def download_results(deployed: Deployed, job: Job, folder: Path) -> Path:
    """Copy a job's published files, as its manifest lists them, and return the folder."""
    store = S3ObjectStore(deployed.cloud.client("s3"))
    prefix = result_prefix(job.job_id)
    manifest = json.loads(store.read_bytes(deployed.bucket, prefix + ResultFile.MANIFEST))
    names = [file["name"] for file in (*manifest["files"], *manifest["varying"])]
    for name in [*names, ResultFile.MANIFEST.value]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(store.read_bytes(deployed.bucket, prefix + name))
    return folder


def show_results(screen: Screen, folder: Path) -> None:
    """Print the summary, who talked how long, and where the files are."""
    summary: dict[str, Any] = json.loads((folder / ResultFile.SUMMARY_JSON).read_text())
    screen.say()
    screen.say("Summary")
    for sentence in summary["summary"]:
        screen.say(f"  [{minutes(sentence['start_seconds'])}] {sentence['text']}")
    screen.say()
    screen.say("Talk time")
    for speaker in summary["speakers"]:
        screen.say(f"  {speaker['speaker']:<12} {minutes(speaker['talk_time_seconds'])}")
    screen.say()
    screen.say(f"{len(summary['scenes'])} scenes, {len(summary['chapters'])} chapters. Files:")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            screen.say(f"  {path.relative_to(toolchain.ROOT)}")


def show_trace(screen: Screen, deployed: Deployed, job: Job) -> None:
    """Print what was done for a job, and when."""
    segments = XRayTraces(deployed.cloud.client("xray")).read(trace_id(job.job_id))
    screen.say()
    screen.say(f"Trace {trace_id(job.job_id)}")
    screen.table(COLUMNS, waterfall(segments, now=SystemClock().now()))


def show_failure(screen: Screen, deployed: Deployed, job: Job | None) -> None:
    """Print why a job ended without results and what to do."""
    if job is None or job.failure is None:
        screen.say(f"The job ended as {job.state if job else 'unknown'} without a reason.")
        show_logs(screen, deployed)
        return
    screen.say(f"The job failed: {job.failure.summary} [{job.failure.code}]")
    screen.say(f"What to do: {job.failure.resolution}")
    if job.failure.code == "internal":
        show_logs(screen, deployed)


def show_logs(screen: Screen, deployed: Deployed, lines: int = 20) -> None:
    """Print the end of the processor's log."""
    logs = deployed.cloud.client("logs")
    group = deployed.outputs[Output.PROCESSOR_LOG_GROUP]
    events = logs.filter_log_events(logGroupName=group)["events"][-lines:]
    screen.say(f"The end of {group}:" if events else f"{group} is empty.")
    for event in events:
        screen.say("  " + event["message"].rstrip())


def minutes(seconds: float) -> str:
    """Format seconds as minutes and seconds, `m:ss`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


if __name__ == "__main__":
    sys.exit(main())
