"""A bucket, two tables and real processor processes: the least that a job needs to run."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from local.api_resources import create_jobs_tables
from local.cloud import LocalCloud
from local.toolchain import LIBRARY_SETTINGS, MODELS, PROCESSOR_PYTHON, ROOT
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.core import jobs as lifecycle
from runtime.core.clock import Clock
from runtime.core.contract import (
    ENTRY_POINT,
    PROCESSOR_COMMAND,
    EnvVar,
    result_prefix,
    work_prefix,
)
from runtime.core.jobs import Job, Source, State

BUCKET = "kill-test"
LEASE_SECONDS = 600.0
CHECKPOINT_SECONDS = 1.0
"""Short, so that even short clips are kept in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One upload, processed repeatedly, each time as if for the first time.

    `program` is what Python runs as the processor; `settings` are its own beside the usual ones.
    """

    cloud: LocalCloud
    clock: Clock
    folder: Path
    key: str
    asr_model: str
    program: Sequence[str] = (*ENTRY_POINT[1:], *PROCESSOR_COMMAND)
    settings: Mapping[str, str] = field(default_factory=dict)

    def prepare(self, video: bytes) -> Source:
        """Upload the video."""
        self.cloud.client("s3").create_bucket(Bucket=BUCKET)
        self._objects.write_bytes(video, BUCKET, self.key, "video/mp4")
        return self._objects.head(BUCKET, self.key)

    def fresh(self, source: Source) -> "Run":
        """Delete everything made of the upload and prepare its job as new."""
        for prefix in (work_prefix(source.job_id), result_prefix(source.job_id)):
            self._objects.delete_below(BUCKET, prefix)
        name = uuid4().hex[:8]
        create_jobs_tables(self.cloud.client("dynamodb"), name)
        run = Run(
            bench=self,
            source=source,
            jobs_table=f"jobs-{name}",
            idempotency_table=f"idempotency-{name}",
            folder=self.folder / f"run-{name}",
        )
        run.folder.mkdir(parents=True)
        return run

    def published(self, source: Source) -> dict[str, bytes]:
        """Return the public copy of the results by name."""
        prefix = result_prefix(source.job_id)
        # One client for all: making one takes a while, and there may be thousands of files.
        objects = self._objects
        keys = [listed.source.key for listed in objects.list_objects(BUCKET, prefix)]
        return {
            key.removeprefix(prefix): objects.read_bytes(BUCKET, key)
            for key in keys
            if not key.startswith(f"{prefix}attempts/")
        }

    @property
    def _objects(self) -> S3ObjectStore:
        return S3ObjectStore(self.cloud.client("s3"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One job from its first claim on; `folder` holds its logs and its work folder."""

    bench: Bench
    source: Source
    jobs_table: str
    idempotency_table: str
    folder: Path

    @property
    def work_dir(self) -> Path:
        """The scratch folder that all attempts share, as those of a warm worker do."""
        return self.folder / "scratch"

    @property
    def job(self) -> Job | None:
        """The job's record."""
        return self._jobs.get(self.source.job_id)

    def start(self) -> tuple["subprocess.Popen[bytes]", Path]:
        """Claim the next attempt, as dispatcher and reaper do, and start its processor."""
        job = self._claimed()
        log = self.folder / f"attempt-{job.attempt}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(PROCESSOR_PYTHON), *self.bench.program],
                cwd=ROOT,
                env=self._environment(job),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return process, log

    def _claimed(self) -> Job:
        now, job = self.bench.clock.now(), self.job
        if job is None:
            claimed = lifecycle.claim_new(self.source, now=now, lease_seconds=LEASE_SECONDS)
            self._jobs.create(claimed)
            return claimed
        if job.state is State.CLAIMED:  # killed before it took the job
            return job
        if job.state is State.RUNNING:
            running, job = job, lifecycle.requeue(job, now=now)
            self._jobs.save(running, job)
        claimed = lifecycle.take_over(job, now=now, lease_seconds=LEASE_SECONDS)
        self._jobs.save(job, claimed)
        return claimed

    def _environment(self, job: Job) -> Mapping[str, str]:
        source = self.source
        return {
            "PATH": os.defpath,
            **self.bench.cloud.aws_environment(),
            **LIBRARY_SETTINGS,
            "PYTHONDONTWRITEBYTECODE": "1",
            EnvVar.ENVIRONMENT: "kill-test",
            EnvVar.JOB_ID: source.job_id,
            EnvVar.JOB_ATTEMPT: str(job.attempt),
            EnvVar.S3_BUCKET: source.bucket,
            EnvVar.S3_KEY: source.key,
            EnvVar.S3_ETAG: source.etag,
            EnvVar.JOBS_TABLE: self.jobs_table,
            EnvVar.IDEMPOTENCY_TABLE: self.idempotency_table,
            EnvVar.MODELS_DIR: str(MODELS),
            EnvVar.ASR_MODEL: self.bench.asr_model,
            EnvVar.WORK_DIR: str(self.work_dir),
            EnvVar.CHECKPOINT_SECONDS: str(CHECKPOINT_SECONDS),
            **self.bench.settings,
        }

    @property
    def _jobs(self) -> DynamoJobStore:
        return DynamoJobStore(
            self.bench.cloud.client("dynamodb"),
            jobs_table=self.jobs_table,
            idempotency_table=self.idempotency_table,
        )
