"""Diarization by exported networks: each second of sound goes through them once, without torch.

The networks are exported from the folder of a pyannote pipeline when its weights are laid out. The
windows, the clustering (agglomerative or VBx) and the turns are pyannote.audio's; any other
clustering is computed by pyannote.audio itself, from the voices that are found here.
"""

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.models.agglomerative import Agglomerative
from runtime.processor.models.diarization_windows import (
    Grid,
    Recording,
    Windows,
    windows_of,
)
from runtime.processor.models.exported import (
    DESCRIPTION,
    EXPORTED,
    PROJECTION,
    SEGMENTATION,
    VOICES,
)
from runtime.processor.models.integrity import verify_model
from runtime.processor.models.segmentation import Segmentation
from runtime.processor.models.speaker_frames import (
    Block,
    CampPlusVoices,
    ResNetVoices,
)
from runtime.processor.models.speaker_turns import (
    NOT_A_SPEAKER,
    Span,
    TimeGrid,
    spans_of,
    speakers_at_once,
    strength_of_speakers,
    strongest,
)
from runtime.processor.models.speaker_voices import SpeakerVoice, speaker_voices
from runtime.processor.models.variational import Variational

BLOCK_WINDOWS = 80
"""Windows in a unit of work; a multiple of the segmentation's batch, so that batches are the same
wherever work was interrupted."""
_DEFAULT_STEP = 0.1
_OF_MODEL = "$model/"
"""What a path in the pipeline's folder begins with."""
_SEGMENTATION_SHARE = 0.5
"""Share of a block's time that its segmentation takes."""


@lru_cache(maxsize=1)
def load_shared_diarization(model_dir: Path) -> "SharedDiarization":
    """Return the pipeline of a folder with exported networks; warm workers load it once.

    Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    verify_model(model_dir)
    return SharedDiarization(model_dir, *read_config(model_dir))


def read_config(model_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pipeline's configuration, and the description of its exported networks."""
    config = yaml.safe_load((model_dir / "config.yaml").read_text())
    return config, json.loads((model_dir / EXPORTED / DESCRIPTION).read_text())


class SharedDiarization:
    """The pipeline that a `config.yaml` describes, by networks that were exported from it."""

    def __init__(
        self, model_dir: Path, config: Mapping[str, Any], description: Mapping[str, Any]
    ) -> None:
        exported, parameters = model_dir / EXPORTED, config["pipeline"]["params"]
        self._model_dir = model_dir
        self._sample_rate: int = description["sample_rate"]
        self._size: int = description["window_samples"]
        self._step = round(parameters.get("segmentation_step", _DEFAULT_STEP) * self._size)
        self._excludes_overlap = bool(parameters.get("embedding_exclude_overlap", False))
        self._shortest_samples: int = description["shortest_samples"]
        self._clustering = _clustering(model_dir, config)
        self._min_seconds_off = float(config["params"]["segmentation"]["min_duration_off"])
        self._frames = TimeGrid(
            duration=description["frame_seconds"], step=description["frame_step_seconds"]
        )
        self._segmentation = Segmentation(
            exported / SEGMENTATION,
            frames=description["frames"],
            speakers=description["speakers"],
            classes=description["classes"],
        )
        self._voices = _voice_network(exported, description)

    def analyze_windows(
        self,
        recording: Recording,
        increments: Increments,
        on_progress: Progress,
        *,
        threads: int,
    ) -> Windows:
        """Return the activity and the voices of all windows; each block of them is a unit.

        Results do not depend on `threads`.
        """
        grid = Grid.over(recording, size=self._size, step=self._step)
        with ThreadPoolExecutor(threads) as pool, threadpool_limits(1, user_api="blas"):

            def block_at(first: int) -> Windows:
                return self._block(grid, recording, first, pool, on_progress)

            return windows_of(grid.count, BLOCK_WINDOWS, block_at, increments, on_progress)

    def voices(self, windows: Windows, exclusive: Sequence[Span]) -> list[SpeakerVoice]:
        """Return the voice of each speaker of the turns with one speaker at a time."""
        return speaker_voices(
            windows,
            exclusive,
            window_seconds=self._size / self._sample_rate,
            step_seconds=self._step / self._sample_rate,
        )

    def build_turns(
        self, windows: Windows, *, min_speakers: int | None, max_speakers: int | None
    ) -> tuple[list[Span], list[Span]]:
        """Return the turns of all speakers, and those with one speaker at a time."""
        if self._clustering is None:
            return self._by_pyannote(windows, min_speakers, max_speakers)
        activity = windows.activity
        grid = TimeGrid(
            duration=self._size / self._sample_rate, step=self._step / self._sample_rate
        )
        at_once = speakers_at_once(activity, grid, self._frames)
        if not at_once.any():
            return [], []
        with threadpool_limits(1, user_api="blas"):
            clusters = self._clustering.clusters(
                windows.voices, activity, at_least=min_speakers, at_most=max_speakers
            )
        clusters[~activity.any(axis=1)] = NOT_A_SPEAKER
        strength = strength_of_speakers(activity, clusters, grid, self._frames)
        most = at_once if max_speakers is None else np.minimum(at_once, max_speakers)
        turns, exclusive = (
            spans_of(
                strongest(strength, speaking), self._frames, min_seconds_off=self._min_seconds_off
            )
            for speaking in (most, np.minimum(at_once, 1))
        )
        return turns, exclusive

    def _by_pyannote(
        self, windows: Windows, min_speakers: int | None, max_speakers: int | None
    ) -> tuple[list[Span], list[Span]]:
        from runtime.processor.models.diarization import load_diarization

        return load_diarization(self._model_dir).build_turns(
            windows, min_speakers=min_speakers, max_speakers=max_speakers
        )

    def _block(
        self,
        grid: Grid,
        recording: Recording,
        first: int,
        pool: Executor,
        on_progress: Progress,
    ) -> Windows:
        count = min(BLOCK_WINDOWS, grid.count - first)
        start, end = grid.samples_of_block(first, BLOCK_WINDOWS)
        before = min(start, self._voices.margin_samples)
        samples = recording.samples(
            start - before, min(grid.samples, end + self._voices.margin_samples)
        )
        missing = before + (count - 1) * grid.step + grid.size - len(samples)
        samples = np.pad(samples, (0, max(0, missing)))
        at = [before + window * grid.step for window in range(count)]
        windows = [samples[sample : sample + grid.size] for sample in at]
        activity = self._segmentation.activity(windows, pool)
        on_progress((first + _SEGMENTATION_SHARE * count) / grid.count)
        block = Block(
            samples=samples,
            before=before,
            masks=self._masks(activity),
            size=grid.size,
            step=grid.step,
        )
        voices = self._voices.voices(block, pool)
        voices[~activity.any(axis=1)] = np.nan
        return Windows(activity=activity, voices=voices)

    def _masks(self, activity: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return each speaker's frames; without overlapped speech, where enough is left."""
        if not self._excludes_overlap:
            return activity > 0
        enough = math.ceil(activity.shape[1] * self._shortest_samples / self._size)
        alone = activity * (activity.sum(axis=2, keepdims=True) < 2)  # noqa: PLR2004 - one speaker
        masks: NDArray[np.bool_] = (
            np.where(alone.sum(axis=1, keepdims=True) > enough, alone, activity) > 0
        )
        return masks


def _clustering(model_dir: Path, config: Mapping[str, Any]) -> Agglomerative | Variational | None:
    """Return the clustering that a pipeline describes; None if only pyannote.audio has it."""
    pipeline, parameters = config["pipeline"]["params"], config["params"]["clustering"]
    name, plda = pipeline.get("clustering", "VBxClustering"), str(pipeline.get("plda", ""))
    if name == "AgglomerativeClustering":
        return Agglomerative(
            method=parameters["method"],
            threshold=parameters["threshold"],
            min_cluster_size=parameters["min_cluster_size"],
        )
    if name == "VBxClustering" and plda.startswith(_OF_MODEL):
        return Variational(
            threshold=parameters["threshold"],
            fa=parameters["Fa"],
            fb=parameters["Fb"],
            plda=model_dir / plda.removeprefix(_OF_MODEL),
        )
    return None


def _voice_network(exported: Path, description: Mapping[str, Any]) -> CampPlusVoices | ResNetVoices:
    paths = exported / VOICES, exported / PROJECTION
    if description["voices"] == "campplus":
        return CampPlusVoices(*paths)
    return ResNetVoices(*paths, centering_frames=description["centering_frames"])
