"""`python -m chaos.fuzz --runs 1000`: mutated videos through the decoder, each to a typed end."""

import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from chaos.command import FolderOption, Report, Say, report_run
from chaos.mutations import healthy_videos, mutated
from lifestream import command_line
from runtime.core.clock import SystemClock
from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo, Upload
from runtime.processor.decoder.decoder import Decoder

LONGEST_SECONDS = 60.0
"""More than the limits of the three children together should let pass, on a busy machine too."""

MOST_CRASHES = 0.02
CRASHED = "media.decoder_crashed"
"""Contained and typed, but nothing that FFmpeg's own fuzzing leaves many of."""

UNTYPED = "media.decoder_failed"
"""Code of an unexpected error in the decoding child: typed for a job, a violation here."""

_DECODER = Decoder(memory_mb=2000, cpu_seconds=15, silence_seconds=15.0)


@dataclass
class Findings(Report):
    """Number of runs by their code; `kept` means that something could be decoded."""

    ends: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0

    def __str__(self) -> str:
        ends = ", ".join(f"{code} {count}" for code, count in sorted(self.ends.items()))
        return (
            f"runs {self.ends.total()}, longest {self.longest_seconds:.1f} s, "
            f"rules broken {len(self.violations)} ({ends})"
        )


def fuzz(runs: int, seed: int, folder: Path) -> Findings:
    """Damage, decode and check `runs` videos, two at a time; violations are kept in `folder`."""
    videos = healthy_videos(folder)
    findings = Findings()

    def one(number: int) -> tuple[int, str, float, bytes]:
        draw = random.Random(f"{seed} {number}")
        name = draw.choice(sorted(videos))
        data = mutated(videos[name], draw)
        clock = SystemClock()
        began = clock.monotonic()
        code = end_of(data, Path(name).suffix, folder)
        return number, code, clock.monotonic() - began, data

    with ThreadPoolExecutor(2) as pool:
        for number, code, seconds, data in pool.map(one, range(runs)):
            findings.ends[code] += 1
            findings.longest_seconds = max(findings.longest_seconds, seconds)
            if broken := list(_broken(code, seconds)):
                kept = folder / f"case-{number}.bin"
                kept.write_bytes(data)
                findings.violations.append(f"{kept}: {'; '.join(broken)}")
    if findings.ends[CRASHED] > MOST_CRASHES * runs:
        findings.violations.append(f"{findings.ends[CRASHED]} crashes of the decoder")
    return findings


def end_of(data: bytes, suffix: str, folder: Path) -> str:
    """Return the code that an upload is refused with, or `kept`; anything else is raised."""
    with tempfile.TemporaryDirectory(dir=folder) as job:
        path = Path(job) / f"source{suffix}"
        path.write_bytes(data)
        try:
            info = _DECODER.probe(Upload(path=path, key=path.name)).value
        except Permanent as refusal:
            return refusal.code
        ends = []
        if info.audio is not None:
            wav = path.with_name("audio.wav")
            ends.append(_end(lambda: _DECODER.extract_audio(path, info, wav, _quiet)))
            ends.append(_end(lambda: _DECODER.make_player_audio(path, info, path.parent, _quiet)))
        if info.video is not None:
            ends.append(_end(lambda: _see(path, info)))
    return UNTYPED if UNTYPED in ends else "kept" if "kept" in ends else ends[0]


def _see(path: Path, info: MediaInfo) -> None:
    scenes = _DECODER.detect_scenes(path, info, _quiet).value
    _DECODER.make_thumbnails(path, info, scenes, path.parent, _quiet)


def _end(decode: Callable[[], object]) -> str:
    try:
        decode()
    except Permanent as failure:
        return failure.code
    return "kept"


def _quiet(_: float) -> None:
    return None


def _broken(code: str, seconds: float) -> Iterator[str]:
    if code == UNTYPED:
        yield "an unexpected error"
    elif code != "kept" and not code.startswith("media."):
        yield f"the code {code}"
    if seconds > LONGEST_SECONDS:
        yield f"{seconds:.0f} s"


app = typer.Typer(help=__doc__, add_completion=False)


@app.command(name="fuzz")
def fuzz_decoder(
    *,
    runs: Annotated[int, typer.Option(help="Videos to damage.")] = 1000,
    seed: Annotated[int, typer.Option(help="Selects the damage.")] = 7,
    folder: FolderOption = None,
) -> int:
    """Decode damaged videos; the exit status is 0 when each came to a typed end in time."""

    def run(place: Path, _: Say) -> Findings:
        logging.basicConfig(filename=place / "decoder.log", level=logging.WARNING)
        return fuzz(runs, seed, place)

    return report_run(run, folder, "fuzz")


if __name__ == "__main__":
    sys.exit(command_line.run(app))
