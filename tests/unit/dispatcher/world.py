"""A dispatcher among fakes: the queue's redeliveries, sudden deaths, tasks that run or not."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from runtime.core.contract import CONFIRM_MESSAGE_TYPE, SCAN_EVENT, SCAN_SOURCE, Compute
from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job, Source, start
from runtime.core.malware import CLEAN
from runtime.core.ports import TaskLauncher
from runtime.core.telemetry import Telemetry
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.dispatch import Dispatcher
from runtime.dispatcher.routing import Routes
from runtime.dispatcher.scan import ScanGate
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.killing import Killed, KillSwitch
from tests.fakes.launcher import FakeLauncher
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.objects import InMemoryObjectStore
from tests.fakes.queue import FakeJobsQueue
from tests.fakes.traces import KeptTracing

BUCKET = "any-media-bucket"
KEY = "uploads/any video.mp4"
LEASE_SECONDS = 60
VISIBILITY_SECONDS = 120


class World:
    """All that is around one dispatcher; with `scanned`, uploads wait for a scan."""

    def __init__(self, *, scanned: bool = False) -> None:
        self.clock = FakeClock()
        self.objects = InMemoryObjectStore()
        self.jobs = InMemoryJobStore()
        self.launcher = FakeLauncher()
        self.log = CapturedLog()
        self.metrics = CapturedMetrics()
        self.tracing = KeptTracing()
        self.telemetry = Telemetry(log=self.log, metrics=self.metrics, tracing=self.tracing)
        self.switch = KillSwitch()
        self.queue = FakeJobsQueue()
        self.dispatcher = Dispatcher(
            bucket=BUCKET,
            objects=self.switch.guard(self.objects),
            claims=Claims(
                jobs=self.switch.guard(self.jobs),
                launcher=Routes(self.launchers()),
                clock=self.clock,
                lease_seconds=LEASE_SECONDS,
            ),
            queue=self.switch.guard(self.queue),
            telemetry=self.telemetry,
            scans=ScanGate(self.switch.guard(self.objects)) if scanned else None,
        )

    def launchers(self) -> dict[Compute, TaskLauncher]:
        """Return who runs jobs of each kind; there is no GPU."""
        return {Compute.CPU: self.switch.guard(self.launcher)}

    def upload(self, key: str = KEY, data: bytes = b"any video", **metadata: str) -> Source:
        return self.objects.put(BUCKET, key, data, **metadata)

    def job(self, source: Source) -> Job:
        job = self.jobs.get(source.job_id)
        assert job is not None
        return job

    def deliver(self, body: str) -> bool:
        """Deliver once; True when the message would be deleted."""
        try:
            self.dispatcher.work(body)
        except (LifestreamError, Killed):
            return False
        return True

    def deliver_until_gone(self, body: str, *, receives: int = 5) -> int:
        """Deliver as SQS does, a visibility timeout apart; returns how often it took."""
        for receive in range(1, receives + 1):
            if self.deliver(body):
                return receive
            self.clock.advance(VISIBILITY_SECONDS)
        raise AssertionError(f"still there after {receives} receives: the message is dead")

    def start_processor(self, source: Source) -> Job:
        """Let the task of the current attempt report that it runs."""
        before = self.job(source)
        running = start(before, now=self.clock.now(), task_arn="arn:any-task")
        self.jobs.save(before, running)
        return running


def s3_event(
    *keys: str, bucket: str = BUCKET, event: str = "ObjectCreated:Put", **more: object
) -> str:
    records = [{**_record(key, bucket, event), **more} for key in keys or (KEY,)]
    return json.dumps({"Records": records})


def scan_event(key: str = KEY, bucket: str = BUCKET, result: str = CLEAN) -> str:
    """The event of a scan's result, as EventBridge sends it to a queue."""
    scanned = {"bucketName": bucket, "objectKey": key, "eTag": "any", "versionId": "any"}
    return json.dumps(
        {
            "source": SCAN_SOURCE,
            "detail-type": SCAN_EVENT,
            "detail": {
                "scanStatus": "COMPLETED",
                "resourceType": "S3_OBJECT",
                "s3ObjectDetails": scanned,
                "scanResultDetails": {"scanResultStatus": result, "threats": None},
            },
        }
    )


def iso(seconds: float) -> str:
    """A time as S3 writes it in its events."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def confirmation(key: str = KEY, bucket: str = BUCKET) -> str:
    return json.dumps({"type": CONFIRM_MESSAGE_TYPE, "bucket": bucket, "key": key})


def sqs_batch(bodies: Sequence[str], *, receives: int = 1) -> list[dict[str, Any]]:
    attributes = {"ApproximateReceiveCount": str(receives)}
    return [
        {"messageId": f"message-{n}", "body": body, "attributes": attributes}
        for n, body in enumerate(bodies)
    ]


def no_resend(body: str, message_id: str) -> None:
    raise AssertionError(f"{message_id} ({body}) was received for the first time")


def _record(key: str, bucket: str, event: str) -> dict[str, object]:
    return {
        "eventSource": "aws:s3",
        "eventName": event,
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
    }
