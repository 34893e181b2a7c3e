"""Exported networks run once over the sound, against pyannote's pipeline run window by window."""

import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from runtime.core.media import Audio
from runtime.processor.checkpoints.increments import NO_INCREMENTS
from runtime.processor.models.diarization_windows import Recording, Windows
from runtime.processor.models.exported import EXPORTED, has_exported_networks
from runtime.processor.models.integrity import verify_model, write_manifest

pytestmark = pytest.mark.models
FREE: dict[str, Any] = {"min_speakers": None, "max_speakers": None}
Voices = NDArray[np.float32]
SHORT_SECONDS = 12


@pytest.fixture(scope="module", autouse=True)
def _imported_quietly() -> None:
    """pyannote warns while it is imported of decoders that are not needed; this module knows."""
    import runtime.processor.models.diarization  # noqa: F401


@pytest.fixture(scope="module")
def hub_folder(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like community-1's: WeSpeaker's ResNet34 (random weights), VBx and its PLDA."""
    folder = tmp_path_factory.mktemp("hub") / "diarization"
    for part in ("segmentation", "plda"):
        shutil.copytree(models / "diarization" / part, folder / part)
    write_random_resnet(folder / "embedding" / "pytorch_model.bin")
    config = {
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {
                "clustering": "VBxClustering",
                "segmentation": "$model/segmentation",
                "embedding": "$model/embedding",
                "embedding_exclude_overlap": True,
                "plda": "$model/plda",
            },
        },
        "params": {
            "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
            "segmentation": {"min_duration_off": 0.0},
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    write_manifest(folder.parent)
    return folder


def write_random_resnet(path: Path) -> None:
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    torch.manual_seed(0)
    network = WeSpeakerResNet34().eval()
    # Statistics of real inputs, so that activations neither vanish nor explode.
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.train()
    with torch.no_grad():
        network(0.1 * torch.randn(2, 1, 160_000))
    network.eval()
    checkpoint = {
        "state_dict": network.state_dict(),
        "hyper_parameters": dict(network.hparams),
        "pytorch-lightning_version": "2.0.2",
        "pyannote.audio": {
            "versions": {"torch": "2.0.1", "pyannote.audio": "3.0.0"},
            "architecture": {
                "module": "pyannote.audio.models.embedding",
                "class": "WeSpeakerResNet34",
            },
            "specifications": Specifications(
                problem=Problem.REPRESENTATION,
                resolution=Resolution.CHUNK,
                duration=10.0,
                classes=[],
            ),
        },
    }
    path.parent.mkdir()
    torch.save(checkpoint, path)


@pytest.fixture
def _forgotten() -> Iterator[None]:
    """Pipelines of a test's own folders are not kept."""
    from runtime.processor.models.diarization import load_diarization
    from runtime.processor.models.shared_diarization import load_shared_diarization

    yield
    for kept in (load_diarization, load_shared_diarization, verify_model):
        kept.cache_clear()


def distances(first: Voices, second: Voices) -> Voices:
    """Return the cosine distances of voices; both must have the same ones."""
    missing = np.isnan(first[..., 0])
    np.testing.assert_array_equal(missing, np.isnan(second[..., 0]))
    a, b = first[~missing], second[~missing]
    assert len(a)
    product = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    apart: Voices = 1 - product
    return apart


@pytest.fixture(scope="module")
def expected(models: Path, dialogue: Path) -> Windows:
    """What pyannote finds in the dialogue, window by window."""
    from runtime.processor.models.diarization import load_diarization

    pipeline = load_diarization(models / "diarization")
    return pipeline.analyze_windows(Recording(dialogue), NO_INCREMENTS, lambda _: None)


def test_should_find_the_voices_that_pyannote_finds_window_by_window(
    models: Path, dialogue: Path, expected: Windows
) -> None:
    from runtime.processor.models.shared_diarization import load_shared_diarization

    recording = Recording(dialogue)
    shared = load_shared_diarization(models / "diarization")
    found = shared.analyze_windows(recording, NO_INCREMENTS, lambda _: None, threads=2)
    assert (found.activity == expected.activity).mean() > 0.9999
    apart = distances(found.voices, expected.voices)
    assert np.median(apart) < 0.02
    assert apart.max() < 0.2
    assert distances(found.voices[::5], expected.voices[::5]).max() < 1e-3


def test_should_run_the_network_where_neighbours_have_other_speakers(
    models: Path, dialogue: Path, expected: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.processor.models import speaker_frames
    from runtime.processor.models.shared_diarization import load_shared_diarization

    monkeypatch.setattr(speaker_frames, "_LEAST_AGREEMENT", 2.0)  # which no neighbours reach
    recording = Recording(dialogue)
    shared = load_shared_diarization(models / "diarization")
    found = shared.analyze_windows(recording, NO_INCREMENTS, lambda _: None, threads=2)
    apart = distances(found.voices, expected.voices)
    assert np.median(apart) < 1e-5
    assert apart.max() < 0.01  # where one frame's activity is another


@pytest.fixture(scope="module")
def short_dialogue(dialogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dialogue's first 12 seconds: three windows, both speakers."""
    path = tmp_path_factory.mktemp("short") / "dialogue.wav"
    with wave.open(str(dialogue)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(SHORT_SECONDS * source.getframerate()))
    return path


@pytest.mark.usefixtures("_forgotten")
def test_should_give_a_hub_folder_pyannotes_own_turns(
    hub_folder: Path, short_dialogue: Path
) -> None:
    import torch
    from pyannote.audio import Pipeline

    from runtime.processor.stages.diarize import diarize

    recording = Recording(short_dialogue)
    waveform = torch.from_numpy(recording.samples(0, recording.count))[None]
    stock: Any = Pipeline.from_pretrained(hub_folder)
    theirs = stock({"waveform": waveform, "sample_rate": 16_000}).speaker_diarization
    audio = Audio(path=short_dialogue, sample_rate=16_000, duration_seconds=SHORT_SECONDS)
    assert len(theirs)
    assert not has_exported_networks(hub_folder)
    found = diarize(audio, model_dir=hub_folder, threads=2, on_progress=lambda _: None)
    spans = sorted(
        (round(s.start, 3), round(min(s.end, SHORT_SECONDS), 3)) for s in theirs.itersegments()
    )
    assert sorted((t.start_seconds, t.end_seconds) for t in found.turns) == spans
    assert len({turn.speaker for turn in found.turns}) == len(theirs.labels())


@pytest.mark.usefixtures("_forgotten")
def test_should_compute_a_resnets_voices_once_and_find_the_turns_of_pyannote(
    hub_folder: Path, short_dialogue: Path, tmp_path: Path
) -> None:
    from runtime.processor.models.diarization import load_diarization
    from runtime.processor.models.shared_diarization import SharedDiarization, read_config
    from scripts.setup.networks import export_networks

    pipeline = load_diarization(hub_folder)
    folder = tmp_path / "diarization"
    shutil.copytree(hub_folder, folder)
    assert export_networks(pipeline, folder / EXPORTED)
    write_manifest(tmp_path)
    recording = Recording(short_dialogue)
    expected = pipeline.analyze_windows(recording, NO_INCREMENTS, lambda _: None)
    shared = SharedDiarization(folder, *read_config(folder))
    found = shared.analyze_windows(recording, NO_INCREMENTS, lambda _: None, threads=2)
    assert np.median(distances(found.voices, expected.voices)) < 0.02
    assert shared.build_turns(found, **FREE) == pipeline.build_turns(found, **FREE)


@pytest.mark.usefixtures("_forgotten")
def test_should_not_keep_exported_networks_that_change_the_turns(
    hub_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scripts.setup import networks

    shutil.copytree(hub_folder, tmp_path / "diarization")
    monkeypatch.setattr(networks, "difference", lambda *_: 0.006)
    assert networks.main([str(tmp_path)]) == 0
    assert not has_exported_networks(tmp_path / "diarization")
    verify_model(tmp_path / "diarization")
