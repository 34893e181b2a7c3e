"""Variants of speech that is hard to hear: short, sparse, disturbed, distant, of unusual voices."""

from collections.abc import Iterator

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import Check, Results, Variant, lasts, lost_nothing, says
from benchmarks.recordings.speech_kinds import encoded, sound
from scripts.labelled_speech.prompts import SAMPLE_RATE

_COUNT = 6
_HARDEST = {"echo of 1.5 s", "noise of a fan 6 dB below"}
"""Of these, Whisper base writes other words for some; none is lost."""


def sparse() -> Iterator[Variant]:
    """Yield short and sparse speech."""
    numbers = [s.prompt("en", f"digits/{n}") for n in range(1, _COUNT + 1)]
    yield sound("sparse speech", "one word", s.prompt("en", "digits/7"), _words(1))
    yield sound("sparse speech", "one word of a second in ten", _late(5.0, 4.4), _words(1))
    for pause in (2.0, 6.0):
        yield sound(
            "sparse speech",
            f"a word every {pause:.0f} s",
            s.join(s.silence(1.0), *numbers, s.silence(1.0), pause=pause),
            _words(_COUNT - 1),
        )
    yield sound("sparse speech", "digits", s.join(*numbers, pause=0.15), _words(_COUNT - 2))
    yield sound(
        "sparse speech",
        "the last six seconds of five minutes",
        np.concatenate([s.hiss(300.0, 0.0005), s.turn(1)]),
        says(s.turn_text(1), start=300.0, wrong=0.15),
        lost_nothing,
    )
    yield sound(
        "sparse speech",
        "fifteen minutes of silence between two",
        s.join(s.turn(1), s.turn(2), pause=900.0),
        says(s.turn_text(1), end=7.0, wrong=0.15),
        says(s.turn_text(2), start=904.0, wrong=0.2),
        lost_nothing,
    )
    yield sound(
        "sparse speech",
        "ends in a word",
        s.turn(0)[: round(9.0 * SAMPLE_RATE)],
        says(" ".join(s.turn_text(0).split()[:12]), end=5.5, wrong=0.4),
        lost_nothing,
    )


def disturbed() -> Iterator[Variant]:
    """Yield speech with other sounds, lost pieces and wrong levels."""
    clean = s.join(s.turn(0), s.turn(1))
    text = s.turn_text(0) + " " + s.turn_text(1)
    seconds = len(clean) / SAMPLE_RATE
    lost = clean.copy()
    for at in range(0, len(lost), round(0.9 * SAMPLE_RATE)):
        lost[at : at + round(0.06 * SAMPLE_RATE)] = 0
    falling = clean * 10 ** (-np.clip((np.arange(len(clean)) / SAMPLE_RATE - 10) * 6, 0, 30) / 20)
    for content, samples in (
        ("direct current", clean + 0.3),
        ("60 ms lost in every 0.9 s", lost),
        ("wind", clean + s.rumble(seconds, 0.25)),
        ("applause 8 dB below", clean + s.applause(seconds, s.SPEECH_LEVEL * 0.4)),
        ("noise of a fan 6 dB below", clean + s.rumble(seconds, s.SPEECH_LEVEL * 0.5, 2000.0)),
        ("another voice 15 dB below", clean + s.padded(_other(), seconds)[: len(clean)]),
        ("falls by 30 dB", falling),
        ("echo of 1.5 s", s.echoing(clean, 1.5)),
        ("clicks", clean + np.where(np.arange(len(clean)) % 5000 < 4, 0.8, 0.0)),
        ("tone of 1 kHz", clean + 0.05 * np.sin(np.arange(len(clean)) * 2 * np.pi / 16)),
    ):
        wrong = 0.45 if content in _HARDEST else 0.25
        yield sound("disturbed speech", content, samples, says(text, wrong=wrong), lost_nothing)


def voices() -> Iterator[Variant]:
    """Yield voices that are not as usual."""
    clean = s.join(s.turn(0), s.turn(1))
    text = s.turn_text(0) + " " + s.turn_text(1)
    seconds = len(clean) / SAMPLE_RATE
    for content, change, length in (
        ("1.5 times as fast", "atempo=1.5", seconds / 1.5),
        ("twice as fast", "atempo=2", seconds / 2),
        ("0.7 times as fast", "atempo=0.7", seconds / 0.7),
        ("a third higher", "asetrate=20800,aresample=16000,atempo=0.77", seconds),
        ("a third lower", "asetrate=12000,aresample=16000,atempo=1.333", seconds),
    ):
        yield Variant(
            kind="unusual voices",
            content=content,
            form="M4A, AAC",
            language="en",
            make=encoded(clean, "-af", change, "-c:a", "aac", form="ipod"),
            checks=(lasts(length), says(text, wrong=0.3), lost_nothing),
        )
    yield sound(
        "unusual voices", "whispered", s.whispered(clean), says(text, wrong=0.35), lost_nothing
    )
    yield sound(
        "unusual voices",
        "whispered 20 dB below usual",
        s.quieter(s.whispered(clean), 20),
        says(text, wrong=0.35),
        lost_nothing,
    )
    yield sound(
        "unusual voices",
        "two at once",
        s.turn(0) + s.padded(s.turn(1), 13.275)[: len(s.turn(0))],
        _words(15),
    )


def _words(least: int) -> Check:
    def check(results: Results) -> str | None:
        found = len(results.transcript["words"])
        return None if found >= least else f"{found} words, not {least}"

    return check


def _late(before: float, after: float) -> s.Samples:
    return np.concatenate([s.silence(before), s.prompt("en", "digits/7"), s.silence(after)])


def _other() -> s.Samples:
    return s.quieter(s.join(s.prompt("es"), s.prompt("es", "demo-echotest")), 15)
