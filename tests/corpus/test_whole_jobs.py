"""Some of the corpus through whole jobs: real decoding, real models, stores in memory."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runtime.core import jobs as lifecycle
from runtime.core.clock import SystemClock
from runtime.core.contract import ResultFile
from runtime.core.jobs import Job, State
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from runtime.processor.pipeline.toolkit import build_toolkit
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.watchdog import WatchdogTimeouts
from runtime.results.published import open_results
from tests.corpus.cases import HARD, REFUSED, Case
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.objects import InMemoryObjectStore

pytestmark = pytest.mark.models
BUCKET = "any"


@dataclass
class Laboratory:
    """Runs one job on one file."""

    folder: Path
    models: Path
    objects: InMemoryObjectStore = field(default_factory=InMemoryObjectStore)
    jobs: InMemoryJobStore = field(default_factory=InMemoryJobStore)

    def process(self, case: Case) -> Job:
        path = self.folder / "upload.mp4"
        case.make(path)
        clock = SystemClock()
        source = self.objects.put(BUCKET, "uploads/Holiday film.mp4", path.read_bytes())
        self.jobs.create(lifecycle.claim_new(source, now=clock.now(), lease_seconds=60.0))
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
