"""Writes who said what in a WAV, by Lifestream's stages: `lifestream_words.py WAV CORES`."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

from benchmarks.versus.sound import seconds_of  # noqa: E402 - run by path, so the root comes first
from local.toolchain import MODELS  # noqa: E402
from runtime.core.media import SAMPLE_RATE, Audio  # noqa: E402
from runtime.processor.host.resources import threads_for  # noqa: E402
from runtime.processor.stages.attribute import attribute  # noqa: E402
from runtime.processor.stages.diarize import diarize  # noqa: E402
from runtime.processor.stages.sentences import split_sentences  # noqa: E402
from runtime.processor.stages.transcribe import transcribe  # noqa: E402


def main(wav: Path, cores: int) -> None:
    """Transcribe beside diarization, as the pipeline does, and print."""
    audio = Audio(path=wav, sample_rate=SAMPLE_RATE, duration_seconds=seconds_of(wav))
    models, threads = MODELS.resolve(), threads_for(cores)
    with ThreadPoolExecutor(2 if cores > 1 else 1) as pool:
        words = pool.submit(
            transcribe,
            audio,
            model_dir=models / "whisper-base",
            threads=threads,
            on_progress=lambda _: None,
        )
        turns = pool.submit(
            diarize,
            audio,
            model_dir=models / "diarization",
            threads=threads,
            on_progress=lambda _: None,
        )
    sentences = split_sentences(attribute(words.result().words, turns.result()))
    print(
        json.dumps(
            {
                "segments": [
                    [s.speaker, s.start_seconds, s.end_seconds, s.text] for s in sentences
                ],
                "turns": [
                    [t.start_seconds, t.end_seconds, t.speaker] for t in turns.result().turns
                ],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
