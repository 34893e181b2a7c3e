"""Exports the diarization networks of a models folder to ONNX, so that running them needs no torch.

    python -m scripts.setup.networks MODELS_DIR

Writes `diarization/onnx` from the weights in `diarization`, and renews the folder's manifest. The
same weights and packages give the same bytes. Each exported network is compared with its original,
and the pipelines on the sample that pyannote.audio comes with: where their turns differ, or the
networks are of another kind, nothing is exported and the pipeline runs by pyannote.audio.
"""

import argparse
import json
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch

from runtime.processor.checkpoints.increments import NO_INCREMENTS
from runtime.processor.models.diarization_windows import Recording
from runtime.processor.models.exported import (
    DESCRIPTION,
    EXPORTED,
    PROJECTION,
    SEGMENTATION,
    VOICES,
)
from runtime.processor.models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES, SAMPLE_RATE
from runtime.processor.models.integrity import write_manifest
from runtime.processor.models.shared_diarization import SharedDiarization, read_config
from runtime.processor.models.speaker_turns import Span
from scripts.setup.network_graphs import (
    CampPlusFrames,
    DifferentError,
    ResNetFrames,
    SegmentationScores,
    campplus_inputs,
    campplus_projection,
    export,
    noise,
)

with warnings.catch_warnings():
    # pyannote warns of a missing torchcodec, which only reads files.
    warnings.simplefilter("ignore")
    import pyannote.audio
    from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    from runtime.processor.models.campplus import CampPlusEmbedding
    from runtime.processor.models.diarization import load_diarization

_DIARIZATION = "diarization"
_MOST_DIFFERENCE = 0.005
"""The share of the sample's turns that exported networks may change."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Export; 1 if an exported network computes something else than the original."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, help="the models folder")
    models: Path = parser.parse_args(arguments).models
    folder = models / _DIARIZATION
    shutil.rmtree(folder / EXPORTED, ignore_errors=True)
    write_manifest(models)
    torch.set_num_threads(1)
    pipeline = load_diarization(folder)
    try:
        exported = export_networks(pipeline, folder / EXPORTED)
    except DifferentError as error:
        print(error, file=sys.stderr)
        return 1
    if not exported:
        print("  diarization: networks of a kind that is not exported; pyannote.audio runs them")
    elif (apart := difference(pipeline, folder)) > _MOST_DIFFERENCE:
        print(f"  diarization: exported networks change {apart:.2%} of the turns and are not used")
        shutil.rmtree(folder / EXPORTED)
    else:
        print(f"  diarization: networks exported, {apart:.2%} of the turns change")
    write_manifest(models)
    return 0


def difference(pipeline: Any, folder: Path) -> float:
    """Return how much the exported networks' turns differ from the pipeline's, as an error rate."""
    recording = Recording(Path(pyannote.audio.__file__).parent / "sample" / "sample.wav")
    shared = SharedDiarization(folder, *read_config(folder))
    free: dict[str, Any] = {"min_speakers": None, "max_speakers": None}
    windows = shared.analyze_windows(recording, NO_INCREMENTS, lambda _: None, threads=1)
    found, _ = shared.build_turns(windows, **free)
    expected, _ = pipeline.build_turns(
        pipeline.analyze_windows(recording, NO_INCREMENTS, lambda _: None), **free
    )
    whole = Timeline([Segment(0, recording.count / recording.sample_rate)])
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return float(metric(annotation(expected), annotation(found), uem=whole))


def annotation(spans: Sequence[Span]) -> Annotation:
    """Return pyannote's form of spans."""
    made = Annotation()
    for number, (start, end, speaker) in enumerate(spans):
        made[Segment(start, end), number] = speaker
    return made


def export_networks(pipeline: Any, into: Path) -> bool:
    """Write the networks of a diarization pipeline into a folder; False if they are of other kinds.

    Raises `DifferentError`.
    """
    inference, voices = pipeline._segmentation, pipeline._embedding.model_
    window = inference.model.audio.get_num_samples(inference.duration)
    described = describe(inference, voices, window, pipeline._embedding.min_num_samples)
    if described is None or round(pipeline.segmentation_step * window) % HOP_SAMPLES:
        return False
    into.mkdir(parents=True, exist_ok=True)
    export(
        SegmentationScores(inference.model),
        into / SEGMENTATION,
        {"waveforms": 0.1 * noise(2, 1, window)},
        {"waveforms": {0: "windows"}, "scores": {0: "windows"}},
        again=lambda: {"waveforms": 0.1 * noise(3, 1, window)},
    )
    if isinstance(voices, CampPlusEmbedding):
        dynamic = {"features": {0: "frames"}, "averages": {0: "stretches", 1: "half"}}
        export(
            CampPlusFrames(voices.network),
            into / VOICES,
            campplus_inputs(900),
            {**dynamic, "stretch": {0: "half"}, "frames": {0: "half"}},
            again=lambda: campplus_inputs(431),
        )
        projection = campplus_projection(voices.network._dense)
    else:
        export(
            ResNetFrames(voices.resnet),
            into / VOICES,
            {"features": noise(1, 80, 1200)},
            {"features": {2: "frames"}, "frames": {2: "eighths"}},
            again=lambda: {"features": noise(1, 80, 987)},
        )
        last = voices.resnet.seg_1
        projection = np.column_stack([last.weight.detach().numpy(), last.bias.detach().numpy()])
    np.save(into / PROJECTION, projection.astype(np.float32))
    (into / DESCRIPTION).write_text(json.dumps(described, indent=1, sort_keys=True) + "\n")
    return True


def describe(
    inference: Any, voices: Any, window: int, shortest_samples: int
) -> dict[str, Any] | None:
    """Return the parameters for running the networks; None for kinds that are not exported."""
    model = inference.model
    if not model.specifications.powerset or model.hparams.sample_rate != SAMPLE_RATE:
        return None
    with torch.inference_mode():
        frames = model(torch.zeros(1, 1, window)).shape[1]
    described = {
        "sample_rate": SAMPLE_RATE,
        "window_samples": window,
        "frames": frames,
        "speakers": len(model.specifications.classes),
        "classes": [row.nonzero().flatten().tolist() for row in inference.conversion.mapping],
        "frame_seconds": model.receptive_field.duration,
        "frame_step_seconds": model.receptive_field.step,
        "shortest_samples": shortest_samples,
    }
    if isinstance(voices, CampPlusEmbedding):
        return {**described, "voices": "campplus"}
    if not isinstance(voices, BaseWeSpeakerResNet) or not is_usual(voices.hparams):
        return None
    span = voices.hparams.fbank_centering_span
    samples = window if span is None else int(span * SAMPLE_RATE)
    centering = 1 + (samples - FRAME_SAMPLES) // HOP_SAMPLES
    return {**described, "voices": "wespeaker", "centering_frames": centering}


def is_usual(hparams: Any) -> bool:
    """Return whether a WeSpeaker model takes the features that `filter_banks` computes."""
    usual = {
        "sample_rate": SAMPLE_RATE,
        "num_mel_bins": 80,
        "frame_length": 25.0,
        "frame_shift": 10.0,
        "dither": 0.0,
        "window_type": "hamming",
        "use_energy": False,
        "snip_edges": True,
        "round_to_power_of_two": True,
    }
    return all(getattr(hparams, name) == value for name, value in usual.items())


if __name__ == "__main__":
    sys.exit(main())
