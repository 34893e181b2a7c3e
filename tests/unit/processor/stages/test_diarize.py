import subprocess
import sys
import wave
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.media import SAMPLE_RATE, Audio, Diarization, Turn
from runtime.processor.stages import diarize as stage
from runtime.processor.stages.diarize import diarize, labels_by_appearance
from scripts.setup.commands import ROOT
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import Gauge, ListedIncrements, recording, samples_of


def test_should_number_speakers_as_they_first_speak() -> None:
    labels = labels_by_appearance([1, 0, 1, 2])
    assert labels == {1: "SPEAKER_00", 0: "SPEAKER_01", 2: "SPEAKER_02"}


@pytest.fixture(scope="module")
def audio(dialogue: Path) -> Audio:
    with wave.open(str(dialogue)) as wav:
        seconds = wav.getnframes() / wav.getframerate()
        assert wav.getframerate() == SAMPLE_RATE
    return Audio(path=dialogue, sample_rate=SAMPLE_RATE, duration_seconds=seconds)


@pytest.fixture(scope="module")
def found(audio: Audio, models: Path) -> Diarization:
    return diarized(audio, models)


@pytest.mark.models
def test_should_tell_two_speakers_apart(found: Diarization, dialogue: Path) -> None:
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    truth, result = Annotation(), Annotation()
    for number, line in enumerate(dialogue.with_suffix(".rttm").read_text().splitlines()):
        fields = line.split()
        start = float(fields[3])
        truth[Segment(start, start + float(fields[4])), number] = fields[7]
    for number, turn in enumerate(found.turns):
        result[Segment(turn.start_seconds, turn.end_seconds), number] = turn.speaker
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    assert metric(truth, result, uem=Timeline([Segment(0, 30)])) <= 0.06


@pytest.mark.models
def test_should_label_by_first_appearance(found: Diarization) -> None:
    assert speakers(found.turns) == ["SPEAKER_00", "SPEAKER_01"]
    assert set(speakers(found.exclusive_turns)) <= set(speakers(found.turns))


@pytest.mark.models
def test_should_give_one_speaker_at_a_time_on_request(found: Diarization) -> None:
    assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(found.exclusive_turns))
    assert any(a.end_seconds > b.start_seconds for a, b in pairwise(found.turns))


@pytest.mark.models
def test_should_find_the_same_wherever_the_sound_starts(
    found: Diarization, audio: Audio, models: Path
) -> None:
    later = diarized(replace(audio, starts_at_seconds=1.25), models)
    assert speakers(later.turns) == speakers(found.turns)
    for turn, moved in zip(found.turns, later.turns, strict=True):
        assert moved.start_seconds == pytest.approx(turn.start_seconds + 1.25, abs=0.002)
        assert moved.end_seconds == pytest.approx(turn.end_seconds + 1.25, abs=0.002)
    early = diarized(replace(audio, starts_at_seconds=-0.1), models)
    assert early.turns[-1].end_seconds == pytest.approx(found.turns[-1].end_seconds - 0.1, abs=0.01)
    assert all(turn.start_seconds >= 0 for turn in early.turns)


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.4, 12.0])
def test_should_find_no_one_in_silence(models: Path, tmp_path: Path, seconds: float) -> None:
    silence = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
    result = diarized(recording(tmp_path / "silence.wav", silence), models)
    assert result == Diarization(turns=(), exclusive_turns=())


@pytest.mark.models
def test_should_find_the_same_wherever_it_was_interrupted(
    audio: Audio, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.processor.models import shared_diarization

    monkeypatch.setattr(shared_diarization, "BLOCK_WINDOWS", 8)
    whole = ListedIncrements()
    found = diarized(audio, models, whole)
    assert speakers(found.turns) == ["SPEAKER_00", "SPEAKER_01"]
    assert len(whole.added) == 3
    for kept in range(1, len(whole.added) + 1):
        resumed = ListedIncrements(whole.added[:kept])
        assert diarized(audio, models, resumed) == found
        assert resumed.added == whole.added[kept:]


@pytest.mark.models
def test_should_find_the_same_with_any_number_of_threads(
    found: Diarization, audio: Audio, models: Path
) -> None:
    parts = [ListedIncrements(), ListedIncrements()]
    for threads, kept in zip((1, 3), parts, strict=True):
        assert diarized(audio, models, kept, threads=threads) == found
    assert parts[0].added == parts[1].added


@pytest.mark.models
def test_should_not_import_torch_where_networks_are_exported(
    found: Diarization, audio: Audio, models: Path
) -> None:
    program = f"""
import sys
from pathlib import Path
from runtime.core.media import Audio
from runtime.processor.stages.diarize import diarize
audio = Audio(path=Path({str(audio.path)!r}), sample_rate=16000, duration_seconds=30.0)
found = diarize(
    audio, model_dir=Path({str(models / "diarization")!r}), threads=1, on_progress=lambda _: None
)
print(len(found.turns), *(sys.modules.keys() & {{"torch", "torchaudio", "pyannote"}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.split() == [str(len(found.turns))]


@pytest.mark.models
def test_should_find_by_pyannote_what_exported_networks_find(
    found: Diarization, audio: Audio, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "has_exported_networks", lambda _: False)
    theirs = diarized(audio, models)
    assert theirs.turns == found.turns
    assert len(theirs.exclusive_turns) == len(found.exclusive_turns)


@pytest.mark.models
@pytest.mark.parametrize("seconds", [4.0, 10.0, 10.5, 16.0, 16.25])
def test_should_see_in_blocks_what_pyannote_sees_in_the_whole(
    audio: Audio, models: Path, tmp_path: Path, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from pyannote.audio.pipelines import SpeakerDiarization

    from runtime.processor.models import diarization, diarization_windows
    from runtime.processor.models.diarization import load_diarization

    monkeypatch.setattr(diarization, "BLOCK_WINDOWS", 8)
    monkeypatch.setattr(diarization_windows, "BLOCK_WINDOWS", 8)
    samples = samples_of(audio)[: round(seconds * SAMPLE_RATE)].astype(np.float32)
    part = recording(tmp_path / "part.wav", samples)
    source = diarization_windows.Recording(part.path)
    pipeline = load_diarization(models / "diarization")
    blocks = pipeline.analyze_windows(source, ListedIncrements(), lambda _: None)
    waveform = torch.from_numpy(source.samples(0, source.count))[None]
    file = {"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "any"}
    whole = SpeakerDiarization.get_segmentations(pipeline, file)
    np.testing.assert_array_equal(blocks.activity, whole.data)
    voices = pipeline.get_embeddings(file, whole, pipeline.embedding_exclude_overlap)
    np.testing.assert_array_equal(blocks.voices, voices)


@pytest.fixture(scope="module")
def segmented(models: Path, audio: Audio) -> tuple[Any, dict[str, Any], Any]:
    """The lean pipeline, 12 s of the dialogue, and its segmentation."""
    import torch

    from runtime.processor.models.diarization import load_diarization

    pipeline = load_diarization(models / "diarization")
    samples = samples_of(audio)[6 * SAMPLE_RATE : 18 * SAMPLE_RATE].astype(np.float32)
    file = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SAMPLE_RATE, "uri": "any"}
    return pipeline, file, pipeline.get_segmentations(file)


@pytest.mark.models
def test_should_embed_as_pyannote_does_with_its_own_network(
    segmented: tuple[Any, dict[str, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.pipelines import SpeakerDiarization

    pipeline, file, segmentation = segmented
    torch.manual_seed(0)
    monkeypatch.setattr(pipeline._embedding, "model_", WeSpeakerResNet34().eval())
    pipeline.embedding_batch_size = 1
    lean = pipeline.get_embeddings(file, segmentation, exclude_overlap=True)
    theirs = SpeakerDiarization.get_embeddings(pipeline, file, segmentation, exclude_overlap=True)
    speaking: NDArray[np.bool_] = np.nan_to_num(segmentation.data).any(axis=1)
    assert speaking.any()
    assert not speaking.all()
    np.testing.assert_allclose(lean[speaking], theirs[speaking], rtol=0, atol=1e-6)
    assert np.isnan(lean[~speaking]).all()


@pytest.mark.models
@pytest.mark.parametrize("most_at_once", [1, 2])
def test_should_reconstruct_as_pyannote_does(
    segmented: tuple[Any, dict[str, Any], Any], most_at_once: int
) -> None:
    from pyannote.audio.pipelines import SpeakerDiarization

    pipeline, _, segmentation = segmented
    count = pipeline.speaker_count(
        segmentation, pipeline._segmentation.model.receptive_field, warm_up=(0.0, 0.0)
    )
    count.data = np.minimum(count.data, most_at_once).astype(np.int8)
    clusters = np.random.default_rng(0).integers(0, 3, size=(len(segmentation.data), 3))
    clusters[~segmentation.data.any(axis=1)] = -2  # pyannote's mark of a silent one
    lean = pipeline.reconstruct(segmentation, clusters, count)
    theirs = SpeakerDiarization.reconstruct(pipeline, segmentation, clusters, count)
    np.testing.assert_array_equal(lean.data, theirs.data)
    assert lean.sliding_window.start == theirs.sliding_window.start


def diarized(
    audio: Audio,
    models: Path,
    increments: ListedIncrements | None = None,
    *,
    threads: int = THREADS,
) -> Diarization:
    gauge = Gauge()
    result = diarize(
        audio,
        model_dir=models / "diarization",
        threads=threads,
        on_progress=gauge,
        increments=increments or ListedIncrements(),
    )
    assert gauge.seen[-1] == 1.0
    return result


def speakers(turns: tuple[Turn, ...]) -> list[str]:
    return list(dict.fromkeys(turn.speaker for turn in turns))
