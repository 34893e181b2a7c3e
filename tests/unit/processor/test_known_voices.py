"""Known voices all the way: real recordings and networks, published, enrolled, proposed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from runtime.core.jobs import Job
from runtime.core.media import Audio, Diarization, MediaInfo
from runtime.core.options import JobOptions
from runtime.core.ports import Progress
from runtime.core.submission import Submission
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.stages.diarize import DiarizeOptions, diarize
from scripts.labelled_speech.prompts import Prompts
from scripts.labelled_speech.recordings import Recording, join
from scripts.sample_media.speech import SAMPLE_RATE
from scripts.setup.wheels import UnavailableError
from tests.unit.api.world import OWNER, World
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.studio import BUCKET, Studio

pytestmark = pytest.mark.models

CARLO, JUNE = "it", "fr"
FIRST = ((CARLO, "agent-alreadyon"), (CARLO, "agent-incorrect"), (JUNE, "agent-newlocation"))
SECOND = ((JUNE, "agent-alreadyon"), (JUNE, "agent-incorrect"), (CARLO, "confbridge-mute-extended"))
"""Who reads what; no sentence is in both recordings, and the speakers begin in turn."""


@dataclass
class Listening(Studio):
    """A processor that hears a real recording with the real networks."""

    models: Path = Path()
    sounds: list[Recording] = field(default_factory=list)

    def _extract_audio(
        self, path: Path, info: MediaInfo, destination: Path, on_progress: Progress
    ) -> StageOutput[Audio]:
        made = super()._extract_audio(path, info, destination, on_progress)
        (sound,) = self.sounds
        sound.write(destination)
        seconds = len(sound.samples) / SAMPLE_RATE
        return replace(made, value=replace(made.value, duration_seconds=seconds))

    def _diarize(
        self, audio: Audio, options: JobOptions, on_progress: Progress, increments: Increments
    ) -> Diarization:
        return diarize(
            audio,
            model_dir=self.models / "diarization",
            threads=THREADS,
            on_progress=on_progress,
            options=DiarizeOptions(max_speakers=options.max_speakers, voices=True),
            increments=increments,
        )


def processed(world: World, models: Path, folder: Path, read: Sequence[tuple[str, str]]) -> Job:
    """Process a recording of these prompts as the world's owner's; return its job."""
    try:
        prompts = Prompts()
    except UnavailableError as error:
        pytest.skip(f"Debian's recordings cannot be had: {error}")
    folder.mkdir()
    studio = Listening(
        work_dir=folder,
        clock=world.clock,
        objects=world.objects,
        jobs=world.jobs,
        models=models,
        sounds=[join([prompts.read(*each) for each in read], pause_seconds=0.5)],
    )
    studio.source = world.objects.put(BUCKET, f"uploads/{folder.name}.mp4", b"any video")
    assert studio.run() == 0
    done = replace(studio.job, submission=Submission(owner=OWNER))
    world.jobs.save(studio.job, done)
    return done


def call(world: World, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = world.client.request(
        method, f"/v1/{path}", json=body, headers={**world.headers(), **headers}
    )
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def test_should_propose_the_name_of_a_voice_that_was_heard_before(
    models: Path, tmp_path: Path
) -> None:
    world = World()
    first = processed(world, models, tmp_path / "first", FIRST)
    second = processed(world, models, tmp_path / "second", SECOND)
    assert first.job_id != second.job_id
    naming = {"kind": "rename_speaker", "speaker": "SPEAKER_00", "name": "Carlo"}
    edits, unchanged = f"jobs/{first.job_id}/edits", {"If-Match": '"0"'}
    call(world, "POST", edits, {"edits": [naming]}, **unchanged)
    consent = {"speaker": "SPEAKER_00", "consented_by": "Carlo, in the recording"}
    sample = call(world, "POST", "voices", {"job_id": first.job_id, **consent})
    assert sample["seconds"] > 8
    (proposal,) = call(world, "GET", f"jobs/{second.job_id}/voices")["proposals"]
    # Here he speaks second; the woman, who speaks first, is proposed nothing.
    assert (proposal["speaker"], proposal["name"]) == ("SPEAKER_01", "Carlo")
    assert proposal["similarity"] > 0.7
    assert call(world, "DELETE", "voices") == {"samples": 1}
    assert call(world, "GET", f"jobs/{second.job_id}/voices") == {"proposals": []}
    world.client.close()
