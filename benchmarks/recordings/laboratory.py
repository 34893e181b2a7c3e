"""Runs a recording through a whole job: real decoding, real models, stores in memory."""

import functools
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.jobs import run_job
from benchmarks.recordings.kinds import Results, Variant
from runtime.core.contract import ResultFile
from runtime.core.errors import Permanent
from runtime.core.jobs import State
from runtime.core.media import Upload
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from scripts.sample_media.ffmpeg import decode_speech
from scripts.sample_media.speech import SAMPLE_RATE

THREADS = 1
"""Several wait for each other on a busy machine."""
_FILE = "made"
"""Names of uploads may hold slashes."""
_ALIKE, _TOLERANCE_SECONDS = 0.93, 0.3
_BLOCK, _SHIFT, _FAINT = SAMPLE_RATE // 20, SAMPLE_RATE // 5, 1e-5
_PIECE = 7 * SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a recording: its results, or the code of the error."""

    results: Results | None = None
    code: str | None = None


@functools.cache
def _decoder() -> Decoder:
    """Return one decoder for all variants: each starts a process that imports libraries."""
    return Decoder()


def process(variant: Variant, folder: Path) -> Outcome:
    """Make the recording in a folder and run its job."""
    path = folder / _FILE
    variant.make(path)
    done = run_job(
        path,
        name=variant.name,
        capacity=Capacity(cores=THREADS, memory_mb=8000),
        threads=THREADS,
        decoder=_decoder(),
        options=variant.options,
        may_fail=True,
    )
    job = done.job
    if job.state is not State.SUCCEEDED:
        return Outcome(code=job.failure.code if job.failure else str(job.state))
    published = done.results()
    summary = json.loads(published.read(ResultFile.SUMMARY_JSON))
    names = [scene["thumbnail"] for scene in summary["scenes"] if scene["thumbnail"]]
    return Outcome(
        results=Results(
            summary=summary,
            transcript=json.loads(published.read(ResultFile.TRANSCRIPT_JSON)),
            thumbnails=[_picture(published.read(name)) for name in names[:1]],
        )
    )


def listened(variant: Variant, folder: Path) -> str:
    """Return how a recording is decoded, compared with what it was made of, without models."""
    assert variant.source is not None  # noqa: S101 - for the type checker; the caller chose it
    path = folder / _FILE
    variant.make(path)
    decoder = _decoder()
    try:
        probed = decoder.probe(Upload(path=path, key=variant.name))
    except Permanent as error:
        return f"WRONG: refused, `{error.code}`"
    info, codes = probed.value, [warning.code for warning in probed.warnings]
    if info.audio is None:
        return "WRONG: no sound"
    heard = decoder.extract_audio(path, info, folder / "heard.wav", lambda _: None)
    codes += [warning.code for warning in heard.warnings]
    alike = likeness(decode_speech(folder / "heard.wav"), variant.source)
    seconds = len(variant.source) / SAMPLE_RATE
    problems = []
    if alike < _ALIKE:
        problems.append(f"sounds differ ({alike:.2f})")
    if variant.kind == "calls" and heard.value.parties is None:
        problems.append("the parties are not kept apart")
    if abs(heard.value.end_seconds - seconds) > _TOLERANCE_SECONDS:
        problems.append(f"lasts {heard.value.end_seconds:.1f} s, not {seconds:.1f} s")
    if info.video is not None:
        scenes = decoder.detect_scenes(path, info, lambda _: None)
        codes += [warning.code for warning in scenes.warnings]
        starts = [{"start_seconds": scene.start_seconds} for scene in scenes.value]
        seen = Results(summary={"scenes": starts}, transcript={}, thumbnails=())
        problems += [
            problem
            for check in variant.checks
            if check.__qualname__.startswith("cut_at.") and (problem := check(seen))
        ]
    warned = f", with {', '.join(f'`{code}`' for code in codes)}" if codes else ""
    return (f"WRONG: {'; '.join(problems)}" if problems else "right") + warned


def likeness(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Return how alike two sounds are where they are least, some seconds at a time.

    Parts that were appended may lie a little later, by what encoders put before each.
    """
    starts = range(0, max(1, len(wanted) - _PIECE // 2), _PIECE)
    pieces = [(found[at : at + _PIECE], wanted[at : at + _PIECE]) for at in starts]
    return min(_likeness(*piece) for piece in pieces if np.any(piece[1]))


def _likeness(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Return the correlation of two sounds, or of their levels, at the best of some shifts.

    Codecs for speech keep the levels, codecs for music the form of loud waves.
    """
    size = len(found) + len(wanted)
    waves = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(wanted, size)), size)
    near = np.concatenate([waves[:_SHIFT], waves[-_SHIFT:]])
    power = float(np.sqrt((found**2).sum() * (wanted**2).sum()))
    best = float(np.abs(near).max()) / power if power else 0.0
    levels = []
    for samples in (found, wanted):
        blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
        levels.append(10 * np.log10((blocks**2).mean(axis=1) + _FAINT))
    for shift in range(-4, 5):
        first, second = levels[0][max(0, shift) :], levels[1][max(0, -shift) :]
        count = min(len(first), len(second))
        best = max(best, float(np.corrcoef(first[:count], second[:count])[0, 1]))
    return best


def _picture(content: bytes) -> NDArray[np.uint8]:
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    rgb = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    return np.ascontiguousarray(rgb[..., ::-1])
