"""Variants of what is said and how it sounds."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import (
    WRONG,
    Check,
    Variant,
    has_speakers,
    has_words,
    lasts,
    lost_nothing,
    says,
    says_nothing,
)
from scripts.sample_media.speech import SAMPLE_RATE

WORDS = "demo-nogo"
_PROMPTS = ("demo-abouttotry", "demo-echotest")
_SECOND_AT = 13.275 + 0.8
"""When what follows the talk's first turn begins."""

_HARD_DB = 34
"""So far below another, a codec leaves little of a voice: half its words are written as others."""


def sound(
    kind: str, content: str, samples: s.Samples, *checks: Check, language: str = "en"
) -> Variant:
    """Return a variant in one of several codings, chosen by its name."""
    form, coding = _CODINGS[sum(content.encode()) % len(_CODINGS)]
    own = (lasts(len(samples) / SAMPLE_RATE), *checks)
    return Variant(kind, content, form, s.encoded(samples, coding), own, language=language)


_CODINGS = (
    ("MKV, PCM", "-c:a pcm_s16le -f matroska"),
    ("M4A, AAC", "-c:a aac -b:a 96k -f ipod"),
    ("OGG, Opus", "-c:a libopus -b:a 32k -f ogg"),
    ("MP3", "-c:a libmp3lame -b:a 64k -f mp3"),
    ("FLAC", "-c:a flac -f flac"),
)


def begins_in_a_word() -> Iterator[Variant]:
    """Yield speech that begins within a word."""
    new = partial(sound, "begins in a word")
    text = " ".join(s.turn_text(0).split(".")[0].split()[1:])
    for at in (2.20, 2.25, 2.30, 2.35, 2.40, 2.45):
        check = says(text, end=9.74 - at - 0.3, wrong=0.15)
        yield new(f"talk from {at:.2f} s", s.talk(at, at + 24.5), check, lost_nothing)
    for number, cut in ((1, 0.3), (5, 0.35), (6, 0.15), (9, 0.25)):
        samples = s.turn(number)[round(cut * SAMPLE_RATE) :]
        check = says(" ".join(s.turn_text(number).split()[1:]), wrong=0.2)
        yield new(f"turn {number} from {cut:.2f} s", samples, check, lost_nothing)
    for language, cut in (("es", 0.2), ("fr", 0.25), ("it", 0.3), ("ru", 0.2)):
        samples = s.prompt(language)[round(cut * SAMPLE_RATE) :]
        words = " ".join(s.prompt_text(language).split()[1:])
        check = says(words, wrong=0.35, language=language)
        yield new(f"from {cut:.2f} s", samples, check, lost_nothing, language=language)


def after_music() -> Iterator[Variant]:
    """Yield speech after, before, between and over music."""
    new = partial(sound, "music before speech")
    for seconds, level in ((4.0, 0.08), (9.0, 0.08), (20.0, 0.05), (9.0, 0.25)):
        yield new(
            f"{seconds:.0f} s of music at {level}",
            s.join(s.music(seconds, level), s.turn(0), s.turn(1), pause=0.0),
            says_nothing(0, seconds - 1.0),
            says(s.turn_text(0), start=seconds, end=seconds + 13.3, wrong=0.2),
            says(s.turn_text(1), start=seconds + 13.3),
            lost_nothing,
        )
    over = s.padded(s.join(s.turn(0), s.turn(1)), 23.0) + s.quieter(s.music(23.0), 12)
    first = says(s.turn_text(0), end=13.3, wrong=0.25)
    yield new("music below speech", over, first, lost_nothing)
    between = s.join(s.turn(0), s.music(6.0), s.turn(4), pause=0.1)
    second = says(s.turn_text(4), start=19.4, wrong=0.2)
    yield new("jingle between two speakers", between, second, lost_nothing)


def softer_voices() -> Iterator[Variant]:
    """Yield dialogues of which one voice is soft."""
    new = partial(sound, "softer second voice")
    reader = f"{s.turn_text(1)} {s.turn_text(2)}"
    for decibels in (10, 16, 22, 28, 34):
        is_hard = decibels >= _HARD_DB
        softer = s.quieter(s.join(s.turn(1), s.turn(2), pause=0.4), decibels)
        dialogue = s.join(s.turn(0), softer, s.turn(3), s.quieter(s.turn(4), decibels))
        wrong = 0.45 if is_hard else 0.2
        yield new(
            f"{decibels} dB below the first",
            dialogue + s.hiss(len(dialogue) / SAMPLE_RATE, 0.0001),
            says(reader, start=_SECOND_AT, end=_SECOND_AT + 10.5, wrong=wrong),
            lost_nothing,
            *(() if is_hard else (has_speakers(2),)),
        )
    samples, text = s.two_turns()
    whole = says(text, wrong=0.15)
    yield new("whole recording 40 dB below usual", s.quieter(samples, 40), whole, lost_nothing)


def repeated_words() -> Iterator[Variant]:
    """Yield words that are truly said again and again."""
    new = partial(sound, "repeated words")
    for language, name, count, pause in (
        ("en", "digits/5", 15, 0.4),
        ("en", "digits/7", 20, 0.9),
        ("es", "digits/2", 15, 0.5),
        ("en", "vm-deleted", 12, 0.5),
    ):
        samples = s.join(*[s.prompt(language, name)] * count, pause=pause)
        content = f"{name} {count} times, pauses of {pause} s"
        samples = s.join(s.silence(0.5), samples)
        yield new(content, samples, has_words(count // 2), language=language)
    three = s.join(s.turn(0), s.turn(2), s.turn(2), s.turn(2), s.turn(4))
    check = says(" ".join([s.turn_text(2)] * 3), start=14.0, end=24.8, wrong=0.2)
    yield new("a sentence three times in a talk", three, check, lost_nothing)
    yield new("goodbye six times", s.join(*[s.prompt("en", "vm-goodbye")] * 6), lost_nothing)


def no_speech() -> Iterator[Variant]:
    """Yield recordings without speech."""
    for content, samples in (
        ("music", s.music(20.0)),
        ("hiss", s.hiss(15.0, 0.05)),
        ("buzz", s.buzz(15.0)),
        ("silence", s.silence(12.0)),
        ("clicks", np.where(np.arange(SAMPLE_RATE * 12) % 8000 < 20, 0.5, 0.0)),
    ):
        yield sound("no speech", content, samples, says_nothing(), language="none")


def languages() -> Iterator[Variant]:
    """Yield recordings in several languages."""
    new = partial(sound, "languages")
    for codes, pause in (
        (("fr", "en"), 2.0),
        (("en", "fr"), 0.8),
        (("es", "en", "es"), 0.7),
        (("it", "ru"), 0.6),
        (("en", "ru", "en", "es"), 1.0),
        (("ru", "it", "fr"), 0.4),
        (("en", "it"), 0.3),
    ):
        used: Counter[str] = Counter()
        parts, checks, at = [], [], 0.0
        for code in codes:
            name = _PROMPTS[used[code] % 2]
            used[code] += 1
            parts.append(s.prompt(code, name))
            end = at + len(parts[-1]) / SAMPLE_RATE
            text = s.prompt_text(code, name)
            checks.append(says(text, start=at, end=end, wrong=WRONG[code], language=code))
            at = end + pause
        content = f"{', '.join(codes)}, pauses of {pause} s"
        samples = s.join(*parts, pause=pause)
        yield new(content, samples, *checks, lost_nothing, language="+".join(codes))
    remark = s.join(s.turn(0), s.prompt("fr", WORDS), s.turn(5))
    end = _SECOND_AT + 9
    check = says(s.prompt_text("fr", WORDS), start=_SECOND_AT, end=end, wrong=0.4, language="fr")
    yield new("a remark in another", remark, check, lost_nothing, language="en+fr")


def conditions() -> Iterator[Variant]:
    """Yield speech under poor conditions."""
    clean, text = s.two_turns()
    seconds = len(clean) / SAMPLE_RATE
    for content, samples in (
        ("white noise 10 dB below", clean + s.hiss(seconds, s.SPEECH_LEVEL * 10 ** (-10 / 20))),
        ("echo of 0.6 s", s.echoing(clean)),
        ("telephone band", s.telephone(clean)),
        ("clipped", np.clip(clean * 20, -0.5, 0.5)),
        ("hum of the mains", clean + s.buzz(seconds, 0.02)),
        ("three minutes of silence first", np.concatenate([s.silence(180.0), clean])),
    ):
        yield sound("conditions", content, samples, says(text, wrong=0.25), lost_nothing)
