"""Asking a container tool, and following jobs, for the image's tests."""

import gzip
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from image.engines import Engine
from lifestream.follow import follow
from local.deployed import Deployed, job_store, upload
from runtime.core.clock import SystemClock
from runtime.core.contract import ResultFile
from runtime.core.jobs import Job, State

SILENCE_SECONDS = 600.0


def finished(deployed: Deployed, video: Path) -> Job:
    """Upload a video and return its job when it has succeeded."""
    source = upload(deployed, video)
    return succeeded(deployed, source.job_id)


def succeeded(deployed: Deployed, job_id: str) -> Job:
    """Return a job when it has succeeded; fail with its reason if it does not."""
    jobs = job_store(deployed)
    job = None
    for sighting in follow(
        lambda: jobs.get(job_id), clock=SystemClock(), silence_seconds=SILENCE_SECONDS
    ):
        job = sighting.job
    assert job is not None
    assert job.state is State.SUCCEEDED, job.failure
    return job


def output_of(engine: Engine, *arguments: str) -> str:
    """Return what one of the tool's commands prints."""
    done = subprocess.run(
        [*engine.manage, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=engine.process_environment(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(folder: Path) -> Mapping[str, bytes]:
    """Return the files by name, without what depends on the run."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ResultFile.METRICS
    }
    assert ResultFile.SUMMARY_JSON in found
    return found


def contents_whatever_the_job(folder: Path) -> Mapping[str, bytes]:
    """Return the files with their job's identity masked, without the manifest of their digests."""
    found = dict(contents(folder))
    found[ResultFile.FINDINGS] = gzip.decompress(found[ResultFile.FINDINGS])
    source = json.loads(found.pop(ResultFile.MANIFEST))
    job_id, key = (
        source["job_id"].encode(),
        json.loads(found[ResultFile.SUMMARY_JSON])["source"]["key"].encode(),
    )
    return {name: c.replace(job_id, b"JOB").replace(key, b"KEY") for name, c in found.items()}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Return the names of files that only one side has, or that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
