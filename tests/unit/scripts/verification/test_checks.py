"""What the verification of a deployed environment lets pass, and what it refuses."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.core.contract import CONFIRM_MESSAGE_TYPE, ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Failure, Job, Source, State
from runtime.core.messages import Upload, parse
from scripts.verification.checks import CheckFailedError, Verification
from scripts.verification.scoring import word_error_rate
from tests.fakes.clock import FakeClock
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.objects import InMemoryObjectStore
from tests.unit.dispatcher.world import BUCKET
from tests.unit.lifestream.operators import Operators

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "expected"
NOT_A_VIDEO = Failure(code="media.not_a_video", summary="Any summary.", resolution="Any.")


class System(InMemoryObjectStore):
    """Processes what is uploaded to it at once; each attribute is a way to go wrong."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.system_clock = clock
        self.jobs = InMemoryJobStore()
        self.letters = FakeDeadLetters()
        self.silent = False
        self.spoil: Callable[[dict[str, bytes]], None] = lambda _results: None
        self.spoil_manifest: Callable[[dict[str, bytes]], None] = lambda _results: None
        self.of_text = (State.FAILED, NOT_A_VIDEO)
        self.of_video: tuple[State, Failure | None] = (State.SUCCEEDED, None)
        self.twice = ""
        self.announced: list[str] = []
        self.dead_letter = False

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        super().write_bytes(data, bucket, key, content_type)
        source = self.head(bucket, key)
        if self.dead_letter:
            self.letters.add("any")
        if self.silent:
            return
        self.process(data, bucket, source)

    def process(self, data: bytes, bucket: str, source: Source) -> None:
        known = self.jobs.get(source.job_id)
        state, failure = self.of_text if b"notes" in data else self.of_video
        now = self.system_clock.now()
        self.jobs.jobs[source.job_id] = Job(
            source=source,
            state=state,
            attempt=1 if known is None else 2,
            created_at=now,
            updated_at=now + 1,
            failure=failure,
            result_key=self.folder(source) + ResultFile.SUMMARY_JSON,
        )
        if state is State.SUCCEEDED:
            self.publish(bucket, source)

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        assert not delay_seconds
        (announced,) = parse(body, bucket=BUCKET).requests
        assert isinstance(announced, Upload)
        self.announced.append(json.loads(body).get("type", "event"))
        if self.twice == self.announced[-1]:
            source = self.head(announced.bucket, announced.key)
            self.process(b"any", announced.bucket, source)

    def folder(self, source: Source) -> str:
        return result_prefix(source.job_id) + attempt_folder(1)

    def publish(self, bucket: str, source: Source) -> None:
        results = {name.value: b"any" for name in ResultFile}
        results |= {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
        summary = json.loads(results[ResultFile.SUMMARY_JSON])
        results[ResultFile.SUMMARY_JSON] = json.dumps({**summary, "job_id": source.job_id}).encode()
        self.spoil(results)
        files = [
            {
                "name": name,
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in results.items()
            if name not in {ResultFile.MANIFEST, ResultFile.METRICS}
        ]
        varying = [{"name": ResultFile.METRICS}]
        results[ResultFile.MANIFEST] = json.dumps({"files": files, "varying": varying}).encode()
        self.spoil_manifest(results)
        for name, content in results.items():
            self.put(bucket, self.folder(source) + name, content)


@pytest.fixture
def system() -> System:
    return System(FakeClock())


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def verification(system: System, said: list[str]) -> Verification:
    operations = replace(
        Operators().operations,
        jobs=system.jobs,
        objects=system,
        queue=system,
        dead_letters=system.letters,
        clock=system.system_clock,
    )
    return Verification(operations=operations, run="any-run", say=said.append)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "any.mp4"
    path.write_bytes(b"any video")
    return path


@pytest.fixture
def truth() -> dict[str, Any]:
    words = json.loads((GOLDEN / ResultFile.TRANSCRIPT_JSON).read_text())["words"]
    scenes = json.loads((GOLDEN / ResultFile.SCENES_JSON).read_text())["scenes"]
    text = " ".join(word["text"] for word in words)
    return {
        "turns": [{"start": 0.0, "end": words[-1]["end_seconds"], "text": text}],
        "cuts": [scene["start_seconds"] for scene in scenes[1:]],
    }


def test_should_pass_an_environment_that_works(
    verification: Verification, video: Path, truth: dict[str, Any], said: list[str]
) -> None:
    verification.full(video, truth)

    assert len(said) == 8
    assert any("at most 10%" in line for line in said)


def test_should_upload_below_the_runs_own_prefix(
    verification: Verification, system: System, video: Path
) -> None:
    job = verification.smoke(video)

    assert job.source.key == "uploads/checks/any-run/any.mp4"
    assert system.keys(job.source.bucket, "uploads/") == [job.source.key]


def refused(run: Callable[[], object], why: str) -> None:
    with pytest.raises(CheckFailedError, match=why):
        run()


def test_should_refuse_a_job_that_failed(
    verification: Verification, system: System, video: Path
) -> None:
    system.of_video = (State.FAILED, NOT_A_VIDEO)

    refused(lambda: verification.smoke(video), "FAILED: Any summary")


def test_should_refuse_a_job_that_never_comes(
    verification: Verification, system: System, video: Path
) -> None:
    system.silent = True

    refused(lambda: verification.smoke(video), "nothing was heard of the job for 600 s")


def test_should_refuse_dead_letters(
    verification: Verification, system: System, video: Path
) -> None:
    system.dead_letter = True

    refused(lambda: verification.smoke(video), "dead letters")


def test_should_refuse_results_without_a_file(
    verification: Verification, system: System, video: Path
) -> None:
    system.spoil = lambda results: results.__delitem__(ResultFile.CAPTIONS_VTT)

    refused(lambda: verification.smoke(video), r"has no transcript\.vtt")


def test_should_refuse_a_file_that_is_listed_and_missing(
    verification: Verification, system: System, video: Path
) -> None:
    system.spoil_manifest = lambda results: results.__delitem__(ResultFile.CAPTIONS_SRT)

    refused(lambda: verification.smoke(video), r"A result is missing.*transcript\.srt")


def test_should_refuse_a_file_that_is_not_what_was_listed(
    verification: Verification, system: System, video: Path
) -> None:
    system.spoil_manifest = lambda results: results.update({ResultFile.SUMMARY_MARKDOWN: b"else"})

    refused(lambda: verification.smoke(video), r"summary\.md is not what the manifest says")


def test_should_refuse_a_summary_that_breaks_its_schema(
    verification: Verification, system: System, video: Path
) -> None:
    system.spoil = lambda results: results.update({ResultFile.SUMMARY_JSON: b"{}"})

    refused(lambda: verification.smoke(video), r"summary\.json is not as promised")


def test_should_refuse_another_jobs_summary(
    verification: Verification, system: System, video: Path
) -> None:
    golden = (GOLDEN / ResultFile.SUMMARY_JSON).read_bytes()
    system.spoil = lambda results: results.update({ResultFile.SUMMARY_JSON: golden})

    refused(lambda: verification.smoke(video), r"summary\.json is of another job")


def test_should_refuse_words_that_were_not_said(
    verification: Verification, video: Path, truth: dict[str, Any]
) -> None:
    truth["turns"][0]["text"] = "quite other words " * 20

    refused(lambda: verification.full(video, truth), "of the words are wrong")


def test_should_refuse_cuts_that_are_missed(
    verification: Verification, video: Path, truth: dict[str, Any]
) -> None:
    truth["cuts"].append(9999.0)

    refused(lambda: verification.full(video, truth), r"cuts missed at \[9999\.0\]")


def test_should_refuse_a_text_file_that_succeeds(
    verification: Verification, system: System, video: Path, truth: dict[str, Any]
) -> None:
    system.of_text = (State.FAILED, replace(NOT_A_VIDEO, code="internal"))

    refused(lambda: verification.full(video, truth), "A text file ended as FAILED with internal")


@pytest.mark.parametrize("kind", ["event", CONFIRM_MESSAGE_TYPE])
def test_should_refuse_to_process_an_upload_again_when_it_is_announced_again(
    kind: str, verification: Verification, system: System, video: Path, truth: dict[str, Any]
) -> None:
    system.twice = kind

    refused(lambda: verification.full(video, truth), "was processed again")


def test_should_announce_an_upload_by_its_event_and_by_a_confirmation_twice(
    verification: Verification, system: System, video: Path, truth: dict[str, Any]
) -> None:
    verification.full(video, truth)

    assert system.announced == ["event", "event", CONFIRM_MESSAGE_TYPE, CONFIRM_MESSAGE_TYPE]


def test_should_score_words_as_spoken() -> None:
    assert word_error_rate("Dial 1, please.", "dial one please") == 0
    assert word_error_rate("one two three four", "one two four four") == 0.25
