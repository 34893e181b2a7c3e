"""Where recognition's processor time goes, and its word errors, by beam.

    .venv/bin/python benchmarks/transcribe.py [WAV] [--truth FILE] [--beams 1 3 5] [--alone]

The talk's sound by default. A truth is JSON with `turns`, each with a `text`. `--alone` decodes one
piece at a time instead of batches. One thread, so that figures are those of a core.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

import jiwer  # noqa: E402 - libraries read the number of threads when they are imported
from faster_whisper import WhisperModel, vad  # noqa: E402

from benchmarks.measuring.processes import cpu_seconds  # noqa: E402
from benchmarks.measuring.speech import MODELS, TALK, audio_of, extract, recognize  # noqa: E402
from runtime.core.contract import Device  # noqa: E402
from runtime.processor.models import whisper, whisper_batches  # noqa: E402
from runtime.processor.stages.transcribe import TranscribeOptions  # noqa: E402
from scripts.verification.scoring import normalized  # noqa: E402

MODEL = "whisper-base"
MEASURED = (
    (vad, "get_speech_timestamps", "voice detection"),
    (WhisperModel, "encode", "encoder"),
    (WhisperModel, "find_alignment", "align"),
    (whisper.SamplingRecorder, "generate", "decoder"),
)


def main() -> None:
    """Measure each beam and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wav", type=Path, nargs="?")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--beams", type=int, nargs="+", default=[5])
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    if given.alone:
        defaults = whisper_batches.BatchDecoder.__init__.__kwdefaults__ or {}
        defaults["batch_packs"] = 1
    seconds: defaultdict[str, float] = defaultdict(float)
    for holder, name, part in MEASURED:
        setattr(holder, name, measured(getattr(holder, name), part, seconds))
    with tempfile.TemporaryDirectory() as folder:
        truth, wav = given.truth, given.wav
        if wav is None:
            wav, truth = (
                extract(TALK, Path(folder) / "talk.wav").path,
                TALK.with_suffix(".truth.json"),
            )
        whisper.load_whisper(MODELS / MODEL, whisper.Engine(device=Device.CPU, threads=1))
        for beam in given.beams:
            seconds.clear()
            print(json.dumps({"beam": beam} | run(wav, truth, beam, seconds)), flush=True)


def run(wav: Path, truth: Path | None, beam: int, seconds: dict[str, float]) -> dict[str, Any]:
    """Return the figures of one run; `seconds` collects those of the parts."""
    began = cpu_seconds()
    options = TranscribeOptions(beam_size=beam)
    words = recognize(audio_of(wav), model=MODEL, threads=1, options=options)
    figures = {"cpu_seconds": round(cpu_seconds() - began, 2)}
    figures |= {part: round(took, 2) for part, took in seconds.items()}
    if truth is None:
        return figures
    spoken = normalized(" ".join(turn["text"] for turn in json.loads(truth.read_text())["turns"]))
    found = jiwer.process_words(spoken, normalized(" ".join(word.text for word in words)))
    errors = found.substitutions + found.deletions + found.insertions
    return figures | {"word_errors": errors, "words": len(spoken.split())}


def measured(
    function: Callable[..., Any], part: str, seconds: dict[str, float]
) -> Callable[..., Any]:
    """Return the function with its processor time added to a part's."""

    def timed(*inputs: Any, **options: Any) -> Any:
        began = cpu_seconds()
        try:
            return function(*inputs, **options)
        finally:
            seconds[part] += cpu_seconds() - began

    return timed


if __name__ == "__main__":
    main()
