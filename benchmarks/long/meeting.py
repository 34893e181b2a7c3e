"""Meetings of any length with two to four speakers, out of labelled speech and the talk's pictures.

The operator and the reader speak English, a third person French, a fourth Italian; each turn is
another recording until a voice has none left. The truth is written beside the video.
"""

import json
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.recordings import sounds  # noqa: E402
from benchmarks.voices import names  # noqa: E402
from scripts.labelled_speech.prompts import Prompts  # noqa: E402
from scripts.sample_media.ffmpeg import ffmpeg  # noqa: E402
from scripts.sample_media.speech import SAMPLE_RATE  # noqa: E402

_PAUSE_SECONDS = 0.6
_SHORTEST_SECONDS = 2.0

Said = tuple[str, str, sounds.Samples]


def make_meeting(path: Path, minutes: float, speakers: int) -> None:
    """Write an MP4 of so many minutes, and `.truth.json` beside it."""
    turns, parts, at = [], [], 0.0
    for who, text, samples in _turns(speakers):
        seconds = len(samples) / SAMPLE_RATE
        if at + seconds > minutes * 60:
            break
        turns.append({"speaker": who, "start": at, "end": at + seconds, "text": text})
        parts += [samples, sounds.silence(_PAUSE_SECONDS)]
        at += seconds + _PAUSE_SECONDS
    wav = sounds.write_wav(path.with_suffix(".wav"), sounds.join(*parts, pause=0.0))
    ffmpeg(
        *("-stream_loop", -1, "-i", sounds.TALK, "-i", wav, "-map", "0:v", "-map", "1:a"),
        *("-c:v", "copy", "-c:a", "aac", "-t", at, "-movflags", "+faststart", path),
    )
    wav.unlink()
    path.with_suffix(".truth.json").write_text(json.dumps({"turns": turns}))


def _turns(speakers: int) -> Iterator[Said]:
    """Yield turns without end: every person in turn."""
    people = [_prompts("en"), _reader(), _prompts("fr"), _prompts("it")][:speakers]
    while True:
        for person in people:
            yield next(person)


def _reader() -> Iterator[Said]:
    theirs = [n for n, turn in enumerate(sounds.turns()) if turn["speaker"] == "reader"]
    for number in cycle(theirs):
        yield "reader", sounds.turn_text(number), sounds.turn(number)


def _prompts(language: str) -> Iterator[Said]:
    prompts = Prompts()
    for name in cycle(names(prompts, language)):
        prompt = prompts.read(language, name)
        if prompt.seconds >= _SHORTEST_SECONDS:
            yield language, prompt.text, sounds.levelled(prompt.samples)
