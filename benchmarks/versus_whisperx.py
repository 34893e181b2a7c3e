"""Lifestream beside WhisperX 3.8.6: the same sound, weights and cores, in turns.

    .venv/bin/python benchmarks/versus_whisperx.py [VIDEO] [--minutes N] [--rounds 3]

WhisperX gets an environment of its own from PyPI, kept in the cache (8 GB). The video has its truth
beside it, as `make setup` leaves the talk; `--minutes` repeats its sound to that length. Ends with
one JSON line: the median of each figure by system, and the ratios. cpWER needs meeteval:
`.venv/bin/pip install --no-deps -r benchmarks/requirements.txt`.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.long.process_tree import TreeMemory  # noqa: E402 - run by path, so the root first
from benchmarks.quality.beside_pyannote import annotation, error_rate, segment  # noqa: E402
from benchmarks.versus.sound import seconds_of  # noqa: E402
from local.toolchain import MEDIA  # noqa: E402
from runtime.core.clock import SystemClock  # noqa: E402
from runtime.processor.host.resources import machine_capacity  # noqa: E402
from runtime.processor.stages.audio import extract_audio  # noqa: E402
from runtime.processor.stages.probe import probe  # noqa: E402
from scripts.setup.commands import cache_folder  # noqa: E402
from scripts.verification.scoring import normalized  # noqa: E402

WHISPERX = "whisperx==3.8.6"
CHILDREN = ROOT / "benchmarks" / "versus"
FIGURES = ("wall_seconds", "cpu_seconds", "peak_rss_mb", "wer", "cpwer", "der")


def main() -> None:
    """Run both in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=MEDIA / "talk.mp4")
    parser.add_argument("--minutes", type=float, help="at least; the video's own length by default")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cores = machine_capacity().cores
    commands = {
        "lifestream": [sys.executable, "-W", "ignore", str(CHILDREN / "lifestream_words.py")],
        "whisperx": [str(whisperx_python()), "-W", "ignore", str(CHILDREN / "whisperx_words.py")],
    }
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "sound.wav"
        truth = repeated(given.video, wav, (given.minutes or 0.0) * 60)
        runs: dict[str, list[dict[str, Any]]] = {system: [] for system in commands}
        for number in range(given.rounds):
            for system, command in commands.items():
                run = measure([*command, str(wav), str(cores)], truth)
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
        print(
            json.dumps(
                {"media_seconds": round(seconds_of(wav), 1), "cores": cores, **medians}
                | {"ratios": ratios}
            )
        )


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
    sound = extract_audio(video, probe(video), once, lambda _: None)
    turns = json.loads(video.with_suffix(".truth.json").read_text())["turns"]
    length = sound.duration_seconds
    times = max(1, -int(-seconds // length))
    with wave.open(str(once), "rb") as source, wave.open(str(wav), "wb") as target:
        target.setparams(source.getparams())
        pcm = source.readframes(source.getnframes())
        for _ in range(times):
            target.writeframes(pcm)
    return [
        turn | {"start": turn["start"] + n * length, "end": turn["end"] + n * length}
        for n in range(times)
        for turn in turns
    ]


def measure(command: list[str], truth: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one run and the errors in what it wrote."""
    used, began = cpu_seconds(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with TreeMemory(process.pid, SystemClock()) as memory:
        said, complaints = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{command[-3]} ended with {process.returncode}: {complaints[-2000:]}")
    found = json.loads(said.splitlines()[-1])
    return {
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu_seconds() - used, 1),
        "peak_rss_mb": round(memory.peak_mb()),
        "wer": word_error_rate(truth, found["segments"]),
        "cpwer": speaker_word_error_rate(truth, found["segments"]),
        "der": round(
            error_rate(
                annotation([(t["start"], t["end"], t["speaker"]) for t in truth]),
                annotation([tuple(turn) for turn in found["turns"]]),
            ),
            4,
        ),
    }


def cpu_seconds() -> float:
    """Return the processor time of children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def word_error_rate(truth: list[dict[str, Any]], segments: list[list[Any]]) -> float:
    """Return the share of wrong words, whichever speaker said them."""
    import jiwer  # noqa: PLC0415 - heavy

    said = " ".join(text for *_, text in segments)
    spoken = normalized(" ".join(turn["text"] for turn in truth))
    return round(float(jiwer.wer(spoken, normalized(said))), 4)


def speaker_word_error_rate(truth: list[dict[str, Any]], segments: list[list[Any]]) -> float | None:
    """Return the cpWER, None without meeteval."""
    if find_spec("meeteval") is None:
        return None
    import meeteval  # noqa: PLC0415 - not everyone has it

    rates = meeteval.wer.cpwer(
        meeteval.io.SegLST([segment(t["speaker"], t["start"], t["end"], t["text"]) for t in truth]),
        meeteval.io.SegLST([segment(*said) for said in segments]),
    )
    return round(float(meeteval.wer.combine_error_rates(rates).error_rate), 4)


if __name__ == "__main__":
    main()
