"""The checks: a video goes in, and what comes out is held against what must be.

Everything is uploaded below a prefix of the run's own: a job is one version of one key, so a run
never meets the jobs of another.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import jsonschema

from lifestream.follow import JobStalledError, follow
from lifestream.ports import Operations
from runtime.core.contract import UPLOADS_PREFIX, ResultFile
from runtime.core.jobs import Job, Source, State
from runtime.core.messages import Upload, confirm_message
from runtime.core.ports import ObjectNotFoundError
from runtime.results.published import open_results
from scripts.verification.scoring import missed_and_false_cuts, word_error_rate

CHECKS_PREFIX = f"{UPLOADS_PREFIX}checks/"
SILENCE_SECONDS = 600.0
"""A task may have to wait for its machine and pull its image before anything is heard of it."""

LIMIT_SECONDS = 3600.0
SETTLE_SECONDS = 60.0
"""By then the messages that announce an upload again have been worked on."""

WORD_ERROR_RATE = 0.10
CUT_TOLERANCE_SECONDS = 0.1
NOT_A_VIDEO = "media.not_a_video"
REQUIRED = frozenset(
    {
        ResultFile.SUMMARY_JSON,
        ResultFile.SUMMARY_MARKDOWN,
        ResultFile.TRANSCRIPT_JSON,
        ResultFile.CAPTIONS_SRT,
        ResultFile.CAPTIONS_VTT,
        ResultFile.SPEAKERS_RTTM,
        ResultFile.SCENES_JSON,
        ResultFile.CHAPTERS_VTT,
    }
)
"""What every job publishes, whatever its video holds."""

_SCHEMA = Path("runtime/results/render/schema/summary.schema.json")
_ROOT = Path(__file__).resolve().parents[2]

Say = Callable[[str], None]


class CheckFailedError(Exception):
    """The environment does not do what it must; the message says what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One run of checks against one environment; `run` names it, `say` prints each success."""

    operations: Operations
    run: str
    say: Say
    settle_seconds: float = SETTLE_SECONDS

    def smoke(self, video: Path) -> Job:
        """Have a video processed and hold its results against their manifest and schema.

        Raise `CheckFailedError`.
        """
        letters = self.operations.dead_letters.count()
        source = self._upload(video.read_bytes(), video.name)
        job = self._ended(source)
        if job.state is not State.SUCCEEDED:
            reason = job.failure.summary if job.failure else "no reason was recorded"
            raise CheckFailedError(f"The job {job.job_id} of {video.name} {job.state}: {reason}")
        took = job.updated_at - job.created_at
        self.say(f"{video.name} was processed in {took:.0f} s, attempt {job.attempt}")
        results = self._results(job)
        self._check_manifest(job, results)
        self._check_summary(job, results)
        if self.operations.dead_letters.count() > letters:
            raise CheckFailedError("Messages ended as dead letters: `dlq list` shows them.")
        self.say("no message became a dead letter")
        return job

    def full(self, video: Path, truth: Mapping[str, Any]) -> None:
        """Besides `smoke`: what was said and seen, bad input, and an upload announced again.

        `truth` has `turns` (speaker, start, end, text) and `cuts`, in seconds. Raise
        `CheckFailedError`.
        """
        job = self.smoke(video)
        results = self._results(job)
        self._check_words(results, truth)
        self._check_cuts(results, truth)
        self._check_bad_input()
        self.check_announced_again(job)

    def _upload(self, content: bytes, name: str) -> Source:
        key = f"{CHECKS_PREFIX}{self.run}/{name}"
        self.operations.objects.write_bytes(content, self.operations.bucket, key, "video/mp4")
        return self.operations.objects.head(self.operations.bucket, key)

    def _ended(self, source: Source) -> Job:
        try:
            for update in follow(
                lambda: self.operations.jobs.get(source.job_id),
                clock=self.operations.clock,
                silence_seconds=SILENCE_SECONDS,
                poll_seconds=2.0,
            ):
                if update.job is not None and update.job.ended:
                    return update.job
                if update.elapsed_seconds > LIMIT_SECONDS:
                    raise CheckFailedError(f"{source.key} has not ended in {LIMIT_SECONDS:.0f} s.")
        except JobStalledError as stalled:
            raise CheckFailedError(f"{source.key}, job {source.job_id}: {stalled}") from stalled
        raise AssertionError

    def _results(self, job: Job) -> dict[str, bytes]:
        try:
            results = open_results(job, self.operations.objects)
            return {name: results.read(name) for name in results.keys}
        except ObjectNotFoundError as error:
            raise CheckFailedError(f"A result is missing: {error}") from error

    def _check_manifest(self, job: Job, results: Mapping[str, bytes]) -> None:
        if missing := REQUIRED - set(results):
            raise CheckFailedError(f"{job.job_id} has no {', '.join(sorted(missing))}")
        for file in json.loads(results[ResultFile.MANIFEST])["files"]:
            content = results[file["name"]]
            found = (len(content), hashlib.sha256(content).hexdigest())
            if found != (file["size_bytes"], file["sha256"]):
                raise CheckFailedError(f"{file['name']} is not what the manifest says it is")
        self.say(f"all {len(results) - 1} files are as the manifest lists them")

    def _check_summary(self, job: Job, results: Mapping[str, bytes]) -> None:
        summary = json.loads(results[ResultFile.SUMMARY_JSON])
        schema = json.loads((_ROOT / _SCHEMA).read_text())
        try:
            jsonschema.validate(summary, schema)
        except jsonschema.ValidationError as error:
            raise CheckFailedError(f"summary.json is not as promised: {error.message}") from error
        if summary["job_id"] != job.job_id:
            raise CheckFailedError(f"summary.json is of another job, {summary['job_id']}")
        self.say("summary.json follows its schema")

    def _check_words(self, results: Mapping[str, bytes], truth: Mapping[str, Any]) -> None:
        words = json.loads(results[ResultFile.TRANSCRIPT_JSON])["words"]
        heard = " ".join(
            word["text"]
            for word in words
            if any(
                turn["start"] - 1 <= word["start_seconds"] <= turn["end"] + 1
                for turn in truth["turns"]
            )
        )
        rate = word_error_rate(" ".join(turn["text"] for turn in truth["turns"]), heard)
        if rate > WORD_ERROR_RATE:
            raise CheckFailedError(
                f"{rate:.0%} of the words are wrong; {WORD_ERROR_RATE:.0%} may be"
            )
        self.say(f"{rate:.1%} of the words are wrong, at most {WORD_ERROR_RATE:.0%} may be")

    def _check_cuts(self, results: Mapping[str, bytes], truth: Mapping[str, Any]) -> None:
        scenes = json.loads(results[ResultFile.SCENES_JSON])["scenes"]
        missed, false = missed_and_false_cuts(truth["cuts"], scenes, CUT_TOLERANCE_SECONDS)
        if missed or false:
            raise CheckFailedError(f"cuts missed at {missed}, found where there is none at {false}")
        self.say(f"all {len(truth['cuts'])} cuts were found, and no other")

    def _check_bad_input(self) -> None:
        job = self._ended(self._upload(b"these are notes, not a video\n", "notes.mp4"))
        code = job.failure.code if job.failure else None
        if (job.state, code) != (State.FAILED, NOT_A_VIDEO):
            raise CheckFailedError(f"A text file ended as {job.state} with {code}.")
        self.say("a text file failed with its reason")

    def check_announced_again(self, job: Job) -> None:
        """Announce an upload again, twice by its event and twice by a confirmation.

        Uploading it again would prove nothing: where KMS encrypts a bucket, the same bytes get
        another ETag, so they are another object and another job. Raise `CheckFailedError`.
        """
        upload = Upload(job.source.bucket, job.source.key)
        for message in (created_event(upload), confirm_message(upload)):
            for _ in range(2):
                self.operations.queue.send(message)
        self.operations.clock.sleep(self.settle_seconds)
        after = self.operations.jobs.get(job.job_id)
        if after != job:
            raise CheckFailedError(f"The same upload was processed again: {after}")
        self.say("an upload announced five times was processed once")


def created_event(upload: Upload) -> str:
    """Return the body of S3's message about an upload, as far as it is read."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": upload.bucket}, "object": {"key": quote_plus(upload.key)}},
    }
    return json.dumps({"Records": [record]})
