"""Variants of what is said and how it sounds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import (
    Check,
    Make,
    Variant,
    has_speakers,
    lasts,
    lost_nothing,
    says,
    says_nothing,
)
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from scripts.labelled_speech.prompts import SAMPLE_RATE
from scripts.sample_media.ffmpeg import ffmpeg

WORDS = "demo-nogo"
_HARD_DB = 34
"""So far below another, a codec leaves little of a voice: half its words are written as others."""


def encoded(samples: s.Samples, *coding: object, form: str = "matroska") -> Make:
    """Return a maker of one channel in a coding."""

    def make(path: Path) -> None:
        wav = s.write_wav(path.with_name("sound.wav"), samples)
        ffmpeg("-i", wav, *coding, "-f", form, path)

    return make


def sound(
    kind: str,
    content: str,
    samples: s.Samples,
    *checks: Check,
    language: str = "en",
    options: JobOptions = DEFAULT_OPTIONS,
) -> Variant:
    """Return a variant in one of several codings, chosen by its name."""
    form, coding, container = _CODINGS[sum(content.encode()) % len(_CODINGS)]
    return Variant(
        kind=kind,
        content=content,
        form=form,
        language=language,
        make=encoded(samples, *coding, form=container),
        checks=(lasts(len(samples) / SAMPLE_RATE), *checks),
        options=options,
    )


_CODINGS = (
    ("MKV, PCM", ("-c:a", "pcm_s16le"), "matroska"),
    ("M4A, AAC", ("-c:a", "aac", "-b:a", "96k"), "ipod"),
    ("OGG, Opus", ("-c:a", "libopus", "-b:a", "32k"), "ogg"),
    ("MP3", ("-c:a", "libmp3lame", "-b:a", "64k"), "mp3"),
    ("FLAC", ("-c:a", "flac"), "flac"),
)


def begins_in_a_word() -> Iterator[Variant]:
    """Yield speech that begins within a word."""
    text = " ".join(s.turn_text(0).split(".")[0].split()[1:])
    for at in (2.20, 2.25, 2.30, 2.35, 2.40, 2.45):
        yield sound(
            "begins in a word",
            f"talk from {at:.2f} s",
            s.talk(at, at + 24.5),
            says(text, end=9.74 - at - 0.3, wrong=0.15),
            lost_nothing,
        )
    for number, cut in ((1, 0.3), (5, 0.35), (6, 0.15), (9, 0.25)):
        words = " ".join(s.turn_text(number).split()[1:])
        yield sound(
            "begins in a word",
            f"turn {number} from {cut:.2f} s",
            s.turn(number)[round(cut * SAMPLE_RATE) :],
            says(words, wrong=0.2),
            lost_nothing,
        )
    for language, cut in (("es", 0.2), ("fr", 0.25), ("it", 0.3), ("ru", 0.2)):
        words = " ".join(s.prompt_text(language).split()[1:])
        yield sound(
            "begins in a word",
            f"from {cut:.2f} s",
            s.prompt(language)[round(cut * SAMPLE_RATE) :],
            says(words, wrong=0.35, language=language),
            lost_nothing,
            language=language,
        )


def after_music() -> Iterator[Variant]:
    """Yield speech after, before, between and over music."""
    for seconds, level in ((4.0, 0.08), (9.0, 0.08), (20.0, 0.05), (9.0, 0.25)):
        yield sound(
            "music before speech",
            f"{seconds:.0f} s of music at {level}",
            s.join(s.music(seconds, level), s.turn(0), s.turn(1), pause=0.0),
            says_nothing(0, seconds - 1.0),
            says(s.turn_text(0), start=seconds, end=seconds + 13.3, wrong=0.2),
            says(s.turn_text(1), start=seconds + 13.3),
            lost_nothing,
        )
    bed = s.quieter(s.music(23.0), 12)
    speech = s.join(s.turn(0), s.turn(1))
    yield sound(
        "music before speech",
        "music below speech",
        s.padded(speech, 23.0) + bed,
        says(s.turn_text(0), end=13.3, wrong=0.25),
        lost_nothing,
    )
    yield sound(
        "music before speech",
        "jingle between two speakers",
        s.join(s.turn(0), s.music(6.0), s.turn(4), pause=0.1),
        says(s.turn_text(4), start=19.4, wrong=0.2),
        lost_nothing,
    )


def softer_voices() -> Iterator[Variant]:
    """Yield dialogues of which one voice is soft."""
    for decibels in (10, 16, 22, 28, 34):
        reader = s.quieter(s.join(s.turn(1), s.turn(2), pause=0.4), decibels)
        dialogue = s.join(s.turn(0), reader, s.turn(3), s.quieter(s.turn(4), decibels))
        start = 13.275 + 0.8
        yield sound(
            "softer second voice",
            f"{decibels} dB below the first",
            dialogue + s.hiss(len(dialogue) / SAMPLE_RATE, 0.0001),
            says(
                s.turn_text(1) + " " + s.turn_text(2),
                start=start,
                end=start + 10.5,
                wrong=0.2 if decibels < _HARD_DB else 0.45,
            ),
            lost_nothing,
            *([has_speakers(2)] if decibels < _HARD_DB else []),
        )
    yield sound(
        "softer second voice",
        "whole recording 40 dB below usual",
        s.quieter(s.join(s.turn(0), s.turn(1)), 40),
        says(s.turn_text(0) + " " + s.turn_text(1), wrong=0.15),
        lost_nothing,
    )


def repeated_words() -> Iterator[Variant]:
    """Yield words that are truly said again and again."""
    for language, name, count, pause in (
        ("en", "digits/5", 15, 0.4),
        ("en", "digits/7", 20, 0.9),
        ("es", "digits/2", 15, 0.5),
        ("en", "vm-deleted", 12, 0.5),
    ):
        samples = s.join(*[s.prompt(language, name)] * count, pause=pause)

        def enough(results: object, least: int = count // 2) -> str | None:
            found = len(results.transcript["words"])  # type: ignore[attr-defined]
            return None if found >= least else f"{found} words, not {least}"

        yield sound(
            "repeated words",
            f"{name} {count} times, pauses of {pause} s",
            s.join(s.silence(0.5), samples),
            enough,
            language=language,
        )
    chorus = [s.prompt("en", "vm-goodbye")] * 6
    yield sound(
        "repeated words",
        "a sentence three times in a talk",
        s.join(s.turn(0), s.turn(2), s.turn(2), s.turn(2), s.turn(4)),
        says(" ".join([s.turn_text(2)] * 3), start=14.0, end=24.8, wrong=0.2),
        lost_nothing,
    )
    yield sound("repeated words", "goodbye six times", s.join(*chorus), lost_nothing)


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
    mixes = (
        (("fr", "en"), 2.0),
        (("en", "fr"), 0.8),
        (("es", "en", "es"), 0.7),
        (("it", "ru"), 0.6),
        (("en", "ru", "en", "es"), 1.0),
        (("ru", "it", "fr"), 0.4),
        (("en", "it"), 0.3),
    )
    for codes, pause in mixes:
        used: dict[str, int] = {}
        names = []
        for code in codes:
            names.append((code, ("demo-abouttotry", "demo-echotest")[used.get(code, 0) % 2]))
            used[code] = used.get(code, 0) + 1
        checks, at = [], 0.0
        for code, name in names:
            length = len(s.prompt(code, name)) / SAMPLE_RATE
            wrong = {"en": 0.12, "es": 0.2, "fr": 0.3, "it": 0.3, "ru": 0.35}[code]
            checks.append(
                says(
                    s.prompt_text(code, name),
                    start=at,
                    end=at + length,
                    wrong=wrong,
                    language=code,
                )
            )
            at += length + pause
        yield sound(
            "languages",
            f"{', '.join(codes)}, pauses of {pause} s",
            s.join(*(s.prompt(*name) for name in names), pause=pause),
            *checks,
            lost_nothing,
            language="+".join(codes),
        )
    remark = s.join(s.turn(0), s.prompt("fr", WORDS), s.turn(5))
    start = 13.275 + 0.8
    yield sound(
        "languages",
        "a remark in another",
        remark,
        says(s.prompt_text("fr", WORDS), start=start, end=start + 9, wrong=0.4, language="fr"),
        lost_nothing,
        language="en+fr",
    )


def conditions() -> Iterator[Variant]:
    """Yield speech under poor conditions."""
    clean = s.join(s.turn(0), s.turn(1))
    text = s.turn_text(0) + " " + s.turn_text(1)
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
