"""One real worker process: the emulator's S3, SQS and DynamoDB around it, an agent that counts."""

import json
import os
import queue
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from local import toolchain
from local.cloud import REGION, LocalCloud
from local.ports import free_port
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import ENTRY_POINT, WORKER_COMMAND, EnvVar
from runtime.core.jobs import Job, Source
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.handler import compose
from runtime.dispatcher.settings import DispatcherSettings
from tests.contract.job_stores import make_dynamo_store
from tests.unit.dispatcher.world import s3_event
from tests.unit.protection.endpoints import AgentHandler, Task, serving

VISIBILITY_SECONDS = 30
PATIENCE_SECONDS = 300.0


@dataclass
class WorkerProcess:
    """`lines` are what it logged so far; `agent` what it asked of ECS."""

    process: "subprocess.Popen[str]"
    port: int
    agent: Task
    lines: list[dict[str, Any]] = field(default_factory=list)
    _news: "queue.SimpleQueue[dict[str, Any] | None]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, action: str) -> dict[str, Any]:
        """Wait for a line that has not been waited for before."""
        while True:
            try:
                line = self._news.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"no {action} after {self.lines[-3:]}"
            if line["action"] == action:
                return line

    def health(self) -> dict[str, Any]:
        """What `GET /health` answers."""
        url = f"http://127.0.0.1:{self.port}/health"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            body: dict[str, Any] = json.load(answer)
        return body

    def protection_calls(self) -> list[str]:
        """The agent's calls so far, as `on` and `off`."""
        bodies = [body for method, _, body in self.agent.requests if method == "PUT"]
        return ["on" if body["ProtectionEnabled"] else "off" for body in bodies]

    def end(self, number: int) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for text in output:
                line = json.loads(text)
                self.lines.append(line)
                self._news.put(line)
        self._news.put(None)


@dataclass(frozen=True)
class Rig:
    """Tables, queues and a bucket of an environment with a pool; the dispatcher runs in here."""

    cloud: LocalCloud
    store: DynamoJobStore
    objects: S3ObjectStore
    dispatcher: Dispatcher
    bucket: str
    work_queue_url: str
    jobs_queue_url: str
    idempotency_table: str

    def upload(self, name: str, content: bytes) -> Source:
        """Upload a video and have it queued."""
        key = f"uploads/{name}.mp4"
        self.objects.write_bytes(content, self.bucket, key, "video/mp4")
        self.dispatcher.work(s3_event(key, bucket=self.bucket))
        return self.objects.head(self.bucket, key)

    def job(self, source: Source) -> Job:
        job = self.store.get(source.job_id)
        assert job is not None
        return job

    def messages(self) -> int:
        """How many messages the work queue holds, hidden ones too."""
        attributes = self.cloud.client("sqs").get_queue_attributes(
            QueueUrl=self.work_queue_url, AttributeNames=["All"]
        )["Attributes"]
        kinds = ("", "NotVisible")
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)

    @contextmanager
    def worker(self, folder: Path, **variables: str) -> Iterator[WorkerProcess]:
        """Run a worker as its image would, until it ends or the block does."""
        port = free_port()
        task = Task()
        with serving(AgentHandler, task) as agent:
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONDONTWRITEBYTECODE": "1",
                **toolchain.LIBRARY_SETTINGS,
                **self.cloud.aws_environment(),
                **self._settings(folder, port, agent),
                **variables,
            }
            process = subprocess.Popen(
                [str(toolchain.PROCESSOR_PYTHON), *ENTRY_POINT[1:], *WORKER_COMMAND],
                cwd=toolchain.ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                yield WorkerProcess(process, port, task)
            finally:
                process.kill()
                process.wait()

    def _settings(self, folder: Path, port: int, agent: str) -> Mapping[str, str]:
        return {
            EnvVar.ENVIRONMENT: "any",
            EnvVar.AWS_REGION: REGION,
            EnvVar.JOBS_TABLE: self.store.jobs_table,
            EnvVar.IDEMPOTENCY_TABLE: self.idempotency_table,
            EnvVar.MEDIA_BUCKET: self.bucket,
            EnvVar.WORK_QUEUE_URL: self.work_queue_url,
            EnvVar.JOBS_QUEUE_URL: self.jobs_queue_url,
            EnvVar.WORK_VISIBILITY_SECONDS: str(VISIBILITY_SECONDS),
            EnvVar.MAX_ATTEMPTS: "3",
            EnvVar.WORK_DIR: str(folder),
            EnvVar.MODELS_DIR: str(toolchain.MODELS),
            EnvVar.STOP_TIMEOUT_SECONDS: "120",
            EnvVar.WORKER_PORT: str(port),
            EnvVar.ECS_AGENT_URI: f"{agent}/api/any-id",
            EnvVar.ECS_ENABLE_TASK_PROTECTION: "true",
        }


@contextmanager
def rig(cloud: LocalCloud) -> Iterator[Rig]:
    """Make what a worker needs in a cloud whose variables this process has."""
    with ExitStack() as stack:
        dynamodb, s3, sqs = (cloud.client(name) for name in ("dynamodb", "s3", "sqs"))
        for client in (dynamodb, s3, sqs):
            stack.callback(client.close)
        mark = uuid4().hex[:12]
        store, idempotency_table = make_dynamo_store(dynamodb)
        s3.create_bucket(Bucket=f"media-{mark}")
        urls = {
            name: sqs.create_queue(
                QueueName=f"{name}-{mark}",
                Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)},
            )["QueueUrl"]
            for name in ("work", "jobs")
        }
        dispatcher = compose(
            DispatcherSettings(
                environment="any",
                log_level="ERROR",
                region=REGION,
                media_bucket=f"media-{mark}",
                jobs_table=store.jobs_table,
                idempotency_table=idempotency_table,
                jobs_queue_url=urls["jobs"],
                claim_lease_seconds=60,
                work_queue_url=urls["work"],
            )
        )
        yield Rig(
            cloud=cloud,
            store=store,
            objects=S3ObjectStore(s3),
            dispatcher=dispatcher,
            bucket=f"media-{mark}",
            work_queue_url=urls["work"],
            jobs_queue_url=urls["jobs"],
            idempotency_table=idempotency_table,
        )
