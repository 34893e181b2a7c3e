"""Lifestream beside WhisperX 3.8.6: the same sound, weights and cores, in turns.

    .venv/bin/python benchmarks/versus_whisperx.py [VIDEO] [--minutes N] [--rounds 3]

WhisperX gets an environment of its own from PyPI, kept in the cache (8 GB). The video has its truth
beside it, as `make setup` leaves the talk; `--minutes` repeats its sound to that length. Ends with
one JSON line: the median of each figure by system, and the ratios. cpWER needs meeteval:
`.venv/bin/pip install --no-deps -r benchmarks/requirements.txt`.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
import wave
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import Child, run_python  # noqa: E402 - run by path
from benchmarks.measuring.speech import TALK, extract, true_turns, truth_of, turns_from  # noqa: E402
from benchmarks.quality.beside_pyannote import speaker_word_errors  # noqa: E402
from benchmarks.versus.sound import seconds_of  # noqa: E402
from lifestream.scoring import diarization_error_rate  # noqa: E402
from runtime.processor.host.resources import machine_capacity  # noqa: E402
from scripts.setup.commands import cache_folder  # noqa: E402
from scripts.verification.scoring import word_error_rate  # noqa: E402

WHISPERX = "whisperx==3.8.6"
CHILDREN = ROOT / "benchmarks" / "versus"
FIGURES = ("wall_seconds", "cpu_seconds", "peak_rss_mb", "wer", "cpwer", "der")


def main() -> None:
    """Run both in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=TALK)
    parser.add_argument("--minutes", type=float, help="at least; the video's own length by default")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cores = machine_capacity().cores
    pythons = {"lifestream": Path(sys.executable), "whisperx": whisperx_python()}
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "sound.wav"
        truth = repeated(given.video, wav, (given.minutes or 0.0) * 60)
        runs: dict[str, list[dict[str, Any]]] = {system: [] for system in pythons}
        for number in range(given.rounds):
            for system, python in pythons.items():
                script = CHILDREN / f"{system}_words.py"
                run = measure(run_python(python, script, wav, cores), truth)
                print(f"round {number + 1}, {system}: {json.dumps(run)}", flush=True)
                runs[system].append(run)
        medians = {
            system: {
                figure: statistics.median(run[figure] for run in made)
                for figure in FIGURES
                if all(run[figure] is not None for run in made)
            }
            for system, made in runs.items()
        }
        ratios = {
            figure: round(medians["lifestream"][figure] / medians["whisperx"][figure], 3)
            for figure in ("wall_seconds", "cpu_seconds", "peak_rss_mb")
        }
        length = round(seconds_of(wav), 1)
        print(json.dumps({"media_seconds": length, "cores": cores, **medians, "ratios": ratios}))


def whisperx_python() -> Path:
    """Return the interpreter of WhisperX's environment, which is made at the first call."""
    folder = cache_folder() / WHISPERX.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", WHISPERX], check=True)
        (folder / "complete").touch()
    return python


def repeated(video: Path, wav: Path, seconds: float) -> list[dict[str, Any]]:
    """Write a video's sound, repeated to at least `seconds`, and return its turns with words."""
    once = wav.with_name("once.wav")
    length = extract(video, once).duration_seconds
    times = max(1, -int(-seconds // length))
    with wave.open(str(once), "rb") as source, wave.open(str(wav), "wb") as target:
        target.setparams(source.getparams())
        pcm = source.readframes(source.getnframes())
        for _ in range(times):
            target.writeframes(pcm)
    return [
        turn | {"start": turn["start"] + n * length, "end": turn["end"] + n * length}
        for n in range(times)
        for turn in truth_of(video)
    ]


def measure(child: Child, truth: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one run and the errors in what it wrote."""
    segments, turns = child.found["segments"], turns_from(child.found["turns"])
    said = " ".join(text for *_, text in segments)
    spoken = " ".join(turn["text"] for turn in truth)
    by_speaker = speaker_word_errors(truth, segments)
    return {
        **child.figures,
        "wer": round(word_error_rate(spoken, said), 4),
        "cpwer": None if by_speaker is None else round(float(by_speaker.error_rate), 4),
        "der": round(diarization_error_rate(true_turns(truth), turns), 4),
    }


if __name__ == "__main__":
    main()
