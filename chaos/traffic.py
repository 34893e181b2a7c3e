"""Uploads videos and sends superfluous messages, each at its time."""

import hashlib
import heapq
import threading
import time
from dataclasses import dataclass, field

from chaos.events import event, event_times, upload_key
from chaos.job_numbers import JobNumbers
from chaos.plan import ExtraMessage, MessageKind, Plan, Poison, Scenario
from chaos.system import System
from local.variants import variant
from runtime.core.contract import Output
from runtime.core.jobs import Source
from runtime.core.messages import Upload, confirm_message, requeue_message
from runtime.core.periodic_thread import PeriodicThread

LATE_SECONDS = 0.05
NOT_A_VIDEO = b"these are notes, not a video: "


@dataclass(frozen=True, slots=True)
class Video:
    """A video of the run: `source` is its identity before it is uploaded."""

    number: int
    source: Source
    content: bytes
    scenario: Scenario

    @property
    def name(self) -> str:
        """Its number as in every line about it."""
        return f"{self.number:04d}"


def videos(plan: Plan, clip: bytes, speech: bytes, *, bucket: str) -> list[Video]:
    """Return the videos of a run, each with bytes of its own; some have `speech`."""
    made = []
    for number, scenario in enumerate(plan.jobs):
        name = f"{number:04d}"
        broken = scenario.poison is Poison.NOT_A_VIDEO
        footage = speech if scenario.conditions.speech else clip
        content = NOT_A_VIDEO + name.encode() if broken else variant(footage, name)
        key = upload_key(name, scenario.conditions)
        source = Source(bucket=bucket, key=key, etag=etag(content), size_bytes=len(content))
        made.append(Video(number, source, content, scenario))
    return made


def etag(content: bytes) -> str:
    """Return the ETag that S3 gives to content uploaded in one part."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(order=True)
class _Due:
    at: float
    order: int
    body: str = field(compare=False)


class Traffic(PeriodicThread):
    """Everything that is sent in a run; what is due later, within its context."""

    def __init__(self, system: System, job_numbers: JobNumbers, all_videos: list[Video]) -> None:
        super().__init__("traffic", every_seconds=LATE_SECONDS)
        self._system = system
        self._job_numbers = job_numbers
        self._videos = all_videos
        self._objects = system.objects()
        self._sqs = system.cloud.client("sqs")
        self._due: list[_Due] = []
        self._lock = threading.Lock()
        self.sent = 0

    @property
    def outstanding(self) -> int:
        """How many extra messages are still to be sent."""
        with self._lock:
            return len(self._due)

    def upload(self, video: Video) -> None:
        """Upload a video, with its extra messages around it."""
        self._job_numbers.register(video.number, video.source.key, video.source.job_id)
        for extra in video.scenario.extras:
            self._send_after(extra.after_seconds, video, self._body(video, extra))
        self.write(video)

    def write(self, video: Video) -> None:
        """Write a video's object, for the first time or again, and see to its event."""
        source = video.source
        self._objects.write_bytes(video.content, source.bucket, source.key, "video/mp4")
        for seconds in event_times(video.scenario.conditions):
            self._send_after(seconds, video, event(source))

    def _send_after(self, seconds: float, video: Video, body: str) -> None:
        if seconds < 0:
            self._send(body)
            return
        with self._lock:
            heapq.heappush(self._due, _Due(time.monotonic() + seconds, video.number, body))

    def _body(self, video: Video, extra: ExtraMessage) -> str:
        source = video.source
        match extra.kind:
            case MessageKind.CONFIRM:
                return confirm_message(Upload(source.bucket, source.key))
            case MessageKind.REQUEUE:
                return requeue_message(source.job_id)
            case MessageKind.EVENT_OF_TWO:
                other = self._videos[video.number - 1].source
                return event(source, other)
            case MessageKind.EVENT:
                return event(source)

    def once(self) -> bool:
        """Send what is due."""
        ripe = []
        with self._lock:
            while self._due and self._due[0].at <= time.monotonic():
                ripe.append(heapq.heappop(self._due).body)
        for body in ripe:
            self._send(body)
        return True

    def _send(self, body: str) -> None:
        self._sqs.send_message(
            QueueUrl=self._system.outputs[Output.JOBS_QUEUE_URL], MessageBody=body
        )
        self.sent += 1
