"""What an hour of talk takes with each quality, projected: minutes on four vCPUs, and dollars.

    .venv/bin/python benchmarks/presets.py [--sizes base small turbo] [--job SECONDS]

Only `base` has weights here. So each size is a network of its shape with random weights, which take
the same time: half a minute is encoded, and a batch of eight pieces is decoded at the beam of its
preset, on one thread. Their ratios to `base` scale what recognition of the talk takes in
`transcribe.py`; the rest of the job is taken as measured by `processor.py`. One JSON line a size.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

import ctranslate2  # noqa: E402 - reads the number of threads when it is imported
import numpy as np  # noqa: E402
from ctranslate2.specs import whisper_spec  # noqa: E402

from local.toolchain import MODELS  # noqa: E402
from runtime.processor.models.whisper_batches import BATCH_PACKS  # noqa: E402

TALK_SECONDS = 104.4
TALK_JOB, TALK_ENCODER, TALK_DECODER, TALK_ALIGN = 34.0, 6.0, 3.8, 0.6
"""Processor seconds of the talk, of the whole job and of recognition's parts at a beam of 5."""
VCPUS, BUSY = 4, 0.85
VCPU_HOUR, GB_HOUR, GB, START_SECONDS = 0.04048, 0.004445, 8, 90
TOKENS = (4, 36)
"""Lengths that are decoded; their difference leaves out what a call costs before its tokens."""
PROMPT = [50258, 50259, 50359, 50363]
END = 50257
PADDED_FRAMES, POSITIONS, WORDS = 3000, 448, 51865


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The shape of a Whisper model, and the beam that its preset decodes with."""

    encoder_layers: int
    decoder_layers: int
    width: int
    heads: int
    bins: int
    beam: int = 5


SHAPES = {
    "fast": Shape(encoder_layers=6, decoder_layers=6, width=512, heads=8, bins=80, beam=1),
    "base": Shape(encoder_layers=6, decoder_layers=6, width=512, heads=8, bins=80),
    "small": Shape(encoder_layers=12, decoder_layers=12, width=768, heads=12, bins=80),
    "turbo": Shape(encoder_layers=32, decoder_layers=4, width=1280, heads=20, bins=128),
}


def main() -> None:
    """Measure each size beside `base`, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["fast", "small", "turbo"], choices=SHAPES)
    parser.add_argument("--job", type=float, default=TALK_JOB, help="of the talk, in CPU seconds")
    given = parser.parse_args()
    base = measure(SHAPES["base"])
    for size in ["base", *given.sizes]:
        taken = base if size == "base" else measure(SHAPES[size])
        print(json.dumps({"size": size, **taken, **project(taken, base, given.job)}), flush=True)


def measure(shape: Shape) -> dict[str, float]:
    """Return the processor seconds of half a minute's encoding, and of a token of one piece."""
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder) / "model", shape)
        model = ctranslate2.models.Whisper(
            str(Path(folder) / "model"), compute_type="int8", intra_threads=1
        )
    sound = np.random.default_rng(1).standard_normal((1, shape.bins, PADDED_FRAMES), np.float32)
    encoded, encoding = timed(lambda: model.encode(ctranslate2.StorageView.from_array(sound)))
    pieces = np.repeat(np.array(encoded), BATCH_PACKS, 0)

    def decode(tokens: int) -> float:
        _, seconds = timed(
            lambda: model.generate(
                ctranslate2.StorageView.from_array(pieces),
                [PROMPT] * BATCH_PACKS,
                beam_size=shape.beam,
                max_length=len(PROMPT) + tokens,
                suppress_tokens=[END],
                suppress_blank=False,
            )
        )
        return seconds

    few, many = TOKENS
    token = (decode(many) - decode(few)) / (many - few) / BATCH_PACKS
    return {"encode_seconds": round(encoding, 2), "token_ms": round(1000 * token, 2)}


def project(taken: dict[str, float], base: dict[str, float], job: float) -> dict[str, float]:
    """Return the minutes and the dollars on demand of an hour of talk."""
    encoder = taken["encode_seconds"] / base["encode_seconds"]
    decoder = taken["token_ms"] / base["token_ms"]
    rest = job - TALK_ENCODER - TALK_DECODER - TALK_ALIGN
    talk = rest + encoder * TALK_ENCODER + decoder * TALK_DECODER + encoder * TALK_ALIGN
    seconds = talk * 3600 / TALK_SECONDS / VCPUS / BUSY
    hours = (seconds + START_SECONDS) / 3600
    return {
        "talk_cpu_seconds": round(talk, 1),
        "hour_minutes": round(seconds / 60, 1),
        "hour_dollars": round(hours * (VCPUS * VCPU_HOUR + GB * GB_HOUR), 3),
    }


def timed(work: Any) -> tuple[Any, float]:
    """Return what the work returns, and the smaller processor time of two runs."""
    taken = []
    for _ in range(2):
        began = time.process_time()
        result = work()
        taken.append(time.process_time() - began)
    return result, min(taken)


def write_model(folder: Path, shape: Shape) -> None:
    """Write a model of CTranslate2 with random weights of a shape, in 8 bits."""
    random, width = np.random.default_rng(0), shape.width

    def weights(*size: int) -> Any:
        return random.standard_normal(size, np.float32) * np.float32(0.02)

    def linear(layer: Any, given: int, returned: int) -> None:
        layer.weight, layer.bias = weights(returned, given), weights(returned)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def fill(layer: Any) -> None:
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], width, 3 * width)
        linear(layer.self_attention.linear[1], width, width)
        if hasattr(layer, "attention"):
            norm(layer.attention.layer_norm)
            linear(layer.attention.linear[0], width, width)
            linear(layer.attention.linear[1], width, 2 * width)
            linear(layer.attention.linear[2], width, width)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, width, 4 * width)
        linear(layer.ffn.linear_1, 4 * width, width)

    spec = whisper_spec.WhisperSpec(
        shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads
    )
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weights(width, shape.bins, 3), weights(width)
    encoder.conv2.weight, encoder.conv2.bias = weights(width, width, 3), weights(width)
    encoder.position_encodings.encodings = weights(PADDED_FRAMES // 2, width)
    decoder.embeddings.weight = weights(WORDS, width)
    decoder.position_encodings.encodings = weights(POSITIONS, width)
    decoder.projection.weight = decoder.embeddings.weight
    for part in (encoder, decoder):
        norm(part.layer_norm)
        for layer in part.layer:
            fill(layer)
    real = MODELS.resolve() / "whisper-base"
    words = (real / "vocabulary.txt").read_text().split("\n")[:WORDS]
    spec.register_vocabulary([*words, *(f"word {number}" for number in range(len(words), WORDS))])
    known = json.loads((real / "config.json").read_text())
    spec.config.suppress_ids = known["suppress_ids"]
    spec.config.suppress_ids_begin = known["suppress_ids_begin"]
    spec.config.lang_ids = known["lang_ids"]
    spec.config.alignment_heads = [(shape.decoder_layers - 1, 0)]
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True)
    spec.save(str(folder))


if __name__ == "__main__":
    main()
