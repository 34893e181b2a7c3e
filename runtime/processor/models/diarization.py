"""pyannote's diarization pipeline from a local folder, adapted to CPUs and long recordings."""

import contextlib
import math
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.models.clustering import limit_clustering
from runtime.processor.models.diarization_windows import (
    BLOCK_WINDOWS,
    Grid,
    Recording,
    Windows,
    compact,
    windows_of,
)
from runtime.processor.models.integrity import verify_model
from runtime.processor.models.speaker_turns import Span
from runtime.processor.models.speaker_voices import SpeakerVoice

with warnings.catch_warnings():
    # Audio is passed as tensors, so that torchcodec, whose absence this warns of, is not needed.
    warnings.simplefilter("ignore")
    from pyannote.audio import Pipeline
    from pyannote.audio.core.pipeline import expand_subfolders
    from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.audio.utils.signal import binarize
    from pyannote.core import Annotation, SlidingWindow, SlidingWindowFeature

    from runtime.processor.models.campplus import CampPlusEmbedding, load_campplus
    from runtime.processor.models.diarization_rebuild import (
        build_turns,
        strength_of_speakers,
        strongest,
    )

# Larger batches are slower on CPUs: their activations no longer fit the allocator's pools and every
# batch pays for fresh pages.
_SEGMENTATION_BATCH = 8


@lru_cache(maxsize=1)
def load_diarization(model_dir: Path) -> "LeanSpeakerDiarization":
    """Return the pipeline described by `config.yaml`; warm workers load it once.

    Takes the hub's own folders, such as community-1, with one extension: an embedding
    `{campplus: FILE}` names a CAM++ state dictionary. Raises `Permanent` `models.missing` or
    `models.corrupt`, checked before anything is unpickled.
    """
    verify_model(model_dir)
    config = yaml.safe_load((model_dir / "config.yaml").read_text())
    expand_subfolders(config, str(model_dir))
    parameters = config["pipeline"]["params"]
    embedding = parameters.get("embedding")
    if isinstance(embedding, dict) and "campplus" in embedding:
        parameters["embedding"] = load_campplus(model_dir / embedding["campplus"])
    lean = LeanSpeakerDiarization
    config["pipeline"]["name"] = f"{lean.__module__}.{lean.__name__}"
    pipeline: LeanSpeakerDiarization = Pipeline.from_pretrained(config)
    pipeline.segmentation_batch_size = _SEGMENTATION_BATCH
    limit_clustering(pipeline.clustering)
    return pipeline


@contextlib.contextmanager
def _one_core_each() -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of as many threads as torch has, each computing on one core.

    Windows side by side need no barriers. One window on many cores waits after every layer for the
    slowest core (measured on a busy machine: ten times the CPU time).
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)


class LeanSpeakerDiarization(SpeakerDiarization):  # type: ignore[misc]  # pyannote ships no types
    """pyannote's pipeline with less work and memory and the same result."""

    def analyze_windows(
        self,
        recording: Recording,
        increments: Increments,
        on_progress: Progress,
        *,
        threads: int | None = None,
    ) -> Windows:
        """Return activity and embeddings of all windows; each block of windows is a unit."""
        if threads is not None:
            torch.set_num_threads(threads)
        grid = Grid.of(self._segmentation, recording)
        return windows_of(
            *(grid.count, BLOCK_WINDOWS, lambda first: self._block(grid, recording, first)),
            *(increments, on_progress),
        )

    def voices(self, windows: Windows, exclusive: Sequence[Span]) -> list[SpeakerVoice]:  # noqa: ARG002 - as `SharedDiarization`
        """Return no voices: pyannote gives none."""
        return []

    def cluster_speakers(self, windows: Windows, **bounds: int | None) -> Any:
        """Return pyannote's output for analyzed windows; `bounds` are pyannote's."""
        silence = torch.zeros(1, self._segmentation.model.hparams.sample_rate)
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            # pyannote takes the mean of nothing where every voice is too short.
            warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
            return self(
                {"waveform": silence, "sample_rate": silence.shape[1], "windows": windows}, **bounds
            )

    def build_turns(
        self, windows: Windows, *, min_speakers: int | None, max_speakers: int | None
    ) -> tuple[list[Span], list[Span]]:
        """Return the turns of all speakers, and those with one speaker at a time."""
        output = self.cluster_speakers(
            windows, min_speakers=min_speakers, max_speakers=max_speakers
        )
        both = output.speaker_diarization, output.exclusive_speaker_diarization
        numbers = {label: number for number, label in enumerate(both[0].labels())}
        turns, exclusive = (
            [
                (segment.start, segment.end, numbers.setdefault(label, len(numbers)))
                for segment, _, label in annotation.itertracks(yield_label=True)
            ]
            for annotation in both
        )
        return turns, exclusive

    def _block(self, grid: Grid, recording: Recording, first: int) -> Windows:
        waveform = torch.from_numpy(recording.samples(*grid.samples_of_block(first)))[None]
        activity = self._activity(waveform, recording.sample_rate)
        binary = activity
        if not self._segmentation.model.specifications.powerset:
            binary = binarize(activity, onset=self.segmentation.threshold, initial_state=False)
        file = {"waveform": waveform, "sample_rate": recording.sample_rate, "uri": "block"}
        voices = self.get_embeddings(file, binary, exclude_overlap=self.embedding_exclude_overlap)
        return Windows(activity=compact(activity.data), voices=voices)

    def _activity(self, waveform: torch.Tensor, sample_rate: int) -> SlidingWindowFeature:
        """Return who is active in each window, as sliding over the whole would; batches abreast."""
        inference = self._segmentation
        size = inference.model.audio.get_num_samples(inference.duration)
        step = round(inference.step * sample_rate)
        batch, samples = inference.batch_size, waveform.shape[1]
        last = max(0, math.ceil((samples - size) / step))

        def slide(first: int) -> NDArray[np.float32]:
            end = min((first + batch - 1) * step + size, samples)
            part = waveform[:, first * step : end]
            activity: NDArray[np.float32] = inference.slide(part, sample_rate, hook=None).data
            return activity

        with _one_core_each() as pool:
            activity = np.concatenate(list(pool.map(slide, range(0, last + 1, batch))))
        windows = SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
        return SlidingWindowFeature(activity, windows)

    def get_segmentations(self, file: dict[str, Any], hook: Any = None) -> SlidingWindowFeature:
        """Return the activity of speakers in each window; of a file with `windows`, theirs."""
        if "windows" not in file:
            return super().get_segmentations(file, hook=hook)
        step = SlidingWindow(
            start=0.0, duration=self._segmentation.duration, step=self._segmentation.step
        )
        return SlidingWindowFeature(file["windows"].activity, step)

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,  # noqa: FBT001, FBT002  # pyannote's signature
        hook: Any = None,
    ) -> NDArray[np.float32]:
        """Return embeddings (windows, speakers, dimension), NaN for silent speakers.

        The network runs once a window for all its speakers, who share everything up to the
        pooling, and not at all for windows without speech; pyannote runs it once for each speaker
        of each window. Models that cannot pool several speakers at once take pyannote's own way.
        """
        if "windows" in file:
            voices: NDArray[np.float32] = file["windows"].voices
            return voices
        model = self._embedding.model_
        if not isinstance(model, BaseWeSpeakerResNet | CampPlusEmbedding):
            return super().get_embeddings(  # type: ignore[no-any-return]
                file, binary_segmentations, exclude_overlap=exclude_overlap, hook=hook
            )
        active = np.nan_to_num(binary_segmentations.data, nan=0.0).astype(np.float32)
        masks = self._clean(active, binary_segmentations) if exclude_overlap else active
        windows = [window for window, _ in binary_segmentations]
        spoken = np.flatnonzero(active.any(axis=(1, 2)))
        shape = (len(windows), active.shape[2], model.dimension)
        embeddings = np.full(shape, np.nan, dtype=np.float32)

        def embed(window: int) -> NDArray[np.float32]:
            waveform, _ = self._audio.crop(file, windows[window], mode="pad")
            weights = torch.from_numpy(masks[window : window + 1]).transpose(1, 2)
            with torch.inference_mode():
                result: NDArray[np.float32] = model(waveform[None], weights=weights)[0].numpy()
            return result

        with _one_core_each() as pool:
            for done, result in enumerate(pool.map(embed, spoken), start=1):
                embeddings[spoken[done - 1]] = result
                if hook is not None:
                    hook("embeddings", None, completed=done, total=len(spoken))
        embeddings[~active.any(axis=1)] = np.nan
        return embeddings

    def _clean(
        self, active: NDArray[np.float32], segmentations: SlidingWindowFeature
    ) -> NDArray[np.float32]:
        """Return masks without overlapped speech, except where too little would be left."""
        samples = segmentations.sliding_window.duration * self._embedding.sample_rate
        enough = math.ceil(active.shape[1] * self._embedding.min_num_samples / samples)
        alone = active * (active.sum(axis=2, keepdims=True) < 2)  # noqa: PLR2004
        usable: NDArray[np.float32] = np.where(
            alone.sum(axis=1, keepdims=True) > enough, alone, active
        )
        return usable

    def reconstruct(
        self,
        segmentations: SlidingWindowFeature,
        hard_clusters: NDArray[np.int8],
        count: SlidingWindowFeature,
    ) -> SlidingWindowFeature:
        """Return 0 and 1 (frames, speakers): in each frame the `count` strongest speakers.

        pyannote holds all of (windows, frames, speakers) in float64, twice, which is 7 GB for four
        hours of fifty voices.
        """
        strength = strength_of_speakers(segmentations, hard_clusters, count.sliding_window)
        return strongest(strength, count)

    @staticmethod
    def to_annotation(
        discrete_diarization: SlidingWindowFeature,
        min_duration_on: float = 0.0,
        min_duration_off: float = 0.0,
    ) -> Annotation:
        """Return the turns that frames of 0 and 1 make."""
        return build_turns(
            discrete_diarization,
            min_seconds_on=min_duration_on,
            min_seconds_off=min_duration_off,
        )
