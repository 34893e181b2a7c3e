"""An environment deployed in a running local cloud: its jobs, uploads and results."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.cloud import LocalCloud
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import UPLOADS_PREFIX, Output, ResultFile
from runtime.core.jobs import Job, Source
from runtime.results.published import PublishedResults, open_results

ENVIRONMENT = "dev"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A running local cloud with the environment deployed in it."""

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @property
    def bucket(self) -> str:
        """The media bucket."""
        return self.outputs[Output.MEDIA_BUCKET]


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
    """Copy a job's published files, as its manifest lists them, and return the folder.

    The manifest appears last, whole: where it is, all of its files are.
    """
    results = open_results(job, S3ObjectStore(deployed.cloud.client("s3")))
    copy_into(folder, results)
    return folder


def copy_into(folder: Path, results: PublishedResults) -> None:
    """Write all files of results, the manifest last: where it is, all of them are."""
    manifest = folder / ResultFile.MANIFEST
    manifest.unlink(missing_ok=True)
    for name in results.keys:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target != manifest:
            target.write_bytes(results.read(name))
    part = manifest.with_suffix(".part")
    part.write_bytes(results.manifest)
    part.replace(manifest)
