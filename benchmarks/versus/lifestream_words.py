"""Writes who said what in a WAV, by Lifestream's stages: `lifestream_words.py WAV CORES`."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

from benchmarks.measuring.speech import (  # noqa: E402 - run by path, so the root comes first
    attributed,
    audio_of,
    find_speakers,
    recognize,
)
from runtime.processor.host.resources import threads_for  # noqa: E402


def main(wav: Path, cores: int) -> None:
    """Transcribe beside diarization, as the pipeline does, and print."""
    audio, threads = audio_of(wav), threads_for(cores)
    with ThreadPoolExecutor(2 if cores > 1 else 1) as pool:
        words = pool.submit(recognize, audio, threads=threads)
        speakers = pool.submit(find_speakers, audio, threads=threads)
    found = {
        "segments": [
            [s.speaker, s.start_seconds, s.end_seconds, s.text]
            for s in attributed(words.result(), speakers.result())
        ],
        "turns": [[t.start_seconds, t.end_seconds, t.speaker] for t in speakers.result().turns],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
