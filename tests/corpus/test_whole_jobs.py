"""Some of the corpus through whole jobs: real decoding, real models, stores in memory."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.core import jobs as lifecycle
from runtime.core.clock import SystemClock
from runtime.core.contract import Redact, ResultFile
from runtime.core.jobs import Job, State
from runtime.core.media import SAMPLE_RATE, Audio
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from runtime.processor.pipeline.toolkit import build_toolkit
from runtime.processor.stages.transcribe import transcribe
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.watchdog import WatchdogTimeouts
from runtime.results.published import open_results
from scripts.labelled_speech.prompts import Prompts
from scripts.labelled_speech.recordings import join
from scripts.sample_media.ffmpeg import decode_speech, ffmpeg
from scripts.setup.wheels import UnavailableError
from tests.corpus.case import Case
from tests.corpus.cases import HARD, REFUSED
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.objects import InMemoryObjectStore
from tests.unit.processor.stages.filming import recording

pytestmark = pytest.mark.models
BUCKET = "any"


@dataclass
class Laboratory:
    """Runs one job on one file."""

    folder: Path
    models: Path
    objects: InMemoryObjectStore = field(default_factory=InMemoryObjectStore)
    jobs: InMemoryJobStore = field(default_factory=InMemoryJobStore)

    def process(self, case: Case, options: JobOptions = DEFAULT_OPTIONS) -> Job:
        path = self.folder / "upload.mp4"
        case.make(path)
        clock = SystemClock()
        source = self.objects.put(BUCKET, "uploads/Holiday film.mp4", path.read_bytes())
        claimed = lifecycle.claim_new(source, options=options, now=clock.now(), lease_seconds=60.0)
        self.jobs.create(claimed)
        Attempt(
            job_id=source.job_id,
            number=1,
            task_arn=None,
            ports=Ports(objects=self.objects, jobs=self.jobs),
            toolkit=build_toolkit(
                models_dir=self.models,
                asr_model="whisper-tiny.en",
                capacity=Capacity(cores=2, memory_mb=8000),
                threads=2,
                decoder=Decoder(limits=case.limits, audio_track=case.audio_track),
                checkpoint_seconds=20.0,
            ),
            interruption=Interruption(clock=clock, timeout_seconds=300.0),
            work_dir=self.folder / "work",
            clock=clock,
            telemetry=Telemetry(log=CapturedLog(), metrics=CapturedMetrics()),
            timeouts=WatchdogTimeouts(),
            abort=os._exit,
        ).run()
        job = self.jobs.get(source.job_id)
        assert job is not None
        assert list((self.folder / "work").iterdir()) == []
        return job

    def summary(self, job: Job) -> dict[str, Any]:
        results = open_results(job, self.objects)
        document: dict[str, Any] = json.loads(results.read(ResultFile.SUMMARY_JSON))
        return document

    def listen(self, sound: bytes) -> str:
        """Return what the same model understands of a published sound."""
        path = self.folder / "published.m4a"
        path.write_bytes(sound)
        samples = decode_speech(path).astype(np.float32)
        audio: Audio = recording(self.folder / "published.wav", samples)
        assert audio.sample_rate == SAMPLE_RATE
        transcript = transcribe(
            audio,
            model_dir=self.models / "whisper-tiny.en",
            threads=2,
            on_progress=lambda _: None,
        )
        return " ".join(word.text for word in transcript.words)


@pytest.fixture
def laboratory(tmp_path: Path, models: Path) -> Laboratory:
    return Laboratory(folder=tmp_path, models=models)


@pytest.mark.parametrize("name", ["web page", "encrypted", "index cut off", "wider than allowed"])
def test_should_fail_the_job_with_the_reason(laboratory: Laboratory, name: str) -> None:
    job = laboratory.process(REFUSED[name])
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == REFUSED[name].code


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("no sound", ["media.no_audio"]),
        ("cover art", ["media.no_video", "speech.none"]),
        ("middle overwritten", ["media.damaged", "speech.none"]),
        ("second half missing", ["media.cut_off", "speech.none"]),
        ("tenth of a second", ["speech.none"]),
    ],
)
def test_should_publish_what_can_be_had_and_say_what_is_missing(
    laboratory: Laboratory, name: str, warnings: list[str]
) -> None:
    job = laboratory.process(HARD[name])
    assert job.state is State.SUCCEEDED, job.failure
    summary = laboratory.summary(job)
    assert [warning["code"] for warning in summary["warnings"]] == warnings
    assert summary["summary"] == []
    assert bool(summary["scenes"]) == (HARD[name].picture is not None)


NAME = "Digium"
"""A company that the recording names once."""


def test_should_take_a_name_out_of_documents_and_sound(laboratory: Laboratory) -> None:
    try:
        spoken = join([Prompts().read("en", "demo-nogo")])
    except UnavailableError as error:
        pytest.skip(f"Debian's recordings cannot be had: {error}")

    def make(path: Path) -> None:
        spoken.write(path.with_suffix(".wav"))
        ffmpeg("-i", path.with_suffix(".wav"), "-c:a", "aac", path)

    options = JobOptions(redact=Redact.SOUND, vocabulary=(NAME,))
    job = laboratory.process(Case(make=make), options)
    assert job.state is State.SUCCEEDED, job.failure
    results = open_results(job, laboratory.objects)
    assert NAME in results.read(ResultFile.TRANSCRIPT_TEXT).decode()
    redacted = {name: results.read(name) for name in results.keys if name.startswith("redacted/")}
    assert "[name]" in redacted["redacted/transcript.txt"].decode()
    assert not [name for name, data in redacted.items() if NAME.lower().encode() in data.lower()]
    heard = laboratory.listen(redacted["redacted/audio.m4a"])
    assert "connection" in heard
    assert NAME not in heard
    assert NAME in laboratory.listen(results.read(ResultFile.PLAYER_AUDIO))
