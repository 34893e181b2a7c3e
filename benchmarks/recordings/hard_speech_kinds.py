"""Variants of speech that is hard to hear: short, sparse, disturbed, distant, of unusual voices."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import Variant, has_words, lasts, lost_nothing, says
from benchmarks.recordings.speech_kinds import sound
from scripts.sample_media.speech import SAMPLE_RATE

_COUNT = 6
_HARDEST = {"echo of 1.5 s", "noise of a fan 6 dB below"}
"""Of these, Whisper base writes other words for some; none is lost."""


def sparse() -> Iterator[Variant]:
    """Yield short and sparse speech."""
    new = partial(sound, "sparse speech")
    numbers = [s.prompt("en", f"digits/{n}") for n in range(1, _COUNT + 1)]
    seven = s.prompt("en", "digits/7")
    late = np.concatenate([s.silence(5.0), seven, s.silence(4.4)])
    yield new("one word", seven, has_words(1))
    yield new("one word of a second in ten", late, has_words(1))
    for pause in (2.0, 6.0):
        samples = s.join(s.silence(1.0), *numbers, s.silence(1.0), pause=pause)
        yield new(f"a word every {pause:.0f} s", samples, has_words(_COUNT - 1))
    yield new("digits", s.join(*numbers, pause=0.15), has_words(_COUNT - 2))
    end = np.concatenate([s.hiss(300.0, 0.0005), s.turn(1)])
    last = says(s.turn_text(1), start=300.0, wrong=0.15)
    yield new("the last six seconds of five minutes", end, last, lost_nothing)
    yield new(
        "fifteen minutes of silence between two",
        s.join(s.turn(1), s.turn(2), pause=900.0),
        says(s.turn_text(1), end=7.0, wrong=0.15),
        says(s.turn_text(2), start=904.0, wrong=0.2),
        lost_nothing,
    )
    cut = s.turn(0)[: round(9.0 * SAMPLE_RATE)]
    begun = says(" ".join(s.turn_text(0).split()[:12]), end=5.5, wrong=0.4)
    yield new("ends in a word", cut, begun, lost_nothing)


def disturbed() -> Iterator[Variant]:
    """Yield speech with other sounds, lost pieces and wrong levels."""
    clean, text = s.two_turns()
    seconds = len(clean) / SAMPLE_RATE
    lost = clean.copy()
    for at in range(0, len(lost), round(0.9 * SAMPLE_RATE)):
        lost[at : at + round(0.06 * SAMPLE_RATE)] = 0
    falling = clean * 10 ** (-np.clip((np.arange(len(clean)) / SAMPLE_RATE - 10) * 6, 0, 30) / 20)
    other = s.quieter(s.join(s.prompt("es"), s.prompt("es", "demo-echotest")), 15)
    for content, samples in (
        ("direct current", clean + 0.3),
        ("60 ms lost in every 0.9 s", lost),
        ("wind", clean + s.rumble(seconds, 0.25)),
        ("applause 8 dB below", clean + s.applause(seconds, s.SPEECH_LEVEL * 0.4)),
        ("noise of a fan 6 dB below", clean + s.rumble(seconds, s.SPEECH_LEVEL * 0.5, 2000.0)),
        ("another voice 15 dB below", clean + s.padded(other, seconds)[: len(clean)]),
        ("falls by 30 dB", falling),
        ("echo of 1.5 s", s.echoing(clean, 1.5)),
        ("clicks", clean + np.where(np.arange(len(clean)) % 5000 < 4, 0.8, 0.0)),
        ("tone of 1 kHz", clean + 0.05 * np.sin(np.arange(len(clean)) * 2 * np.pi / 16)),
    ):
        wrong = 0.45 if content in _HARDEST else 0.25
        yield sound("disturbed speech", content, samples, says(text, wrong=wrong), lost_nothing)


def voices() -> Iterator[Variant]:
    """Yield voices that are not as usual."""
    kind = "unusual voices"
    clean, text = s.two_turns()
    seconds = len(clean) / SAMPLE_RATE
    for content, change, length in (
        ("1.5 times as fast", "atempo=1.5", seconds / 1.5),
        ("twice as fast", "atempo=2", seconds / 2),
        ("0.7 times as fast", "atempo=0.7", seconds / 0.7),
        ("a third higher", "asetrate=20800,aresample=16000,atempo=0.77", seconds),
        ("a third lower", "asetrate=12000,aresample=16000,atempo=1.333", seconds),
    ):
        checks = (lasts(length), says(text, wrong=0.3), lost_nothing)
        make = s.encoded(clean, f"-af {change} -c:a aac -f ipod")
        yield Variant(kind, content, "M4A, AAC", make, checks)
    whispered, most = s.whispered(clean), says(text, wrong=0.35)
    softer = s.quieter(whispered, 20)
    yield sound(kind, "whispered", whispered, most, lost_nothing)
    yield sound(kind, "whispered 20 dB below usual", softer, most, lost_nothing)
    both = s.turn(0) + s.padded(s.turn(1), 13.275)[: len(s.turn(0))]
    yield sound(kind, "two at once", both, has_words(15))
