"""Variants of channels and tracks."""

import functools
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import (
    Check,
    Make,
    Variant,
    attributed,
    lasts,
    lost_nothing,
    says,
    warns,
)
from scripts.sample_media.ffmpeg import ffmpeg
from scripts.sample_media.speech import SAMPLE_RATE

VOICE_SECONDS = 13.275
_WAV = "-c:a pcm_s16le -f wav"
_BOXES_AROUND = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def channels(
    content: str,
    tracks: Callable[[], Sequence[s.Samples]],
    *checks: Check,
    form: str = "WAV, PCM",
    coding: str = _WAV,
    kind: str = "channels",
    source: s.Samples | None = None,
) -> Variant:
    """Return a variant of several channels, by default of one voice."""
    return Variant(
        kind,
        content,
        form,
        lambda path: s.encode(path, coding, *tracks()),
        (*checks, lost_nothing),
        source=s.turn(0) if source is None else source,
    )


def voice_in(number: int, count: int, other: Callable[[float], s.Samples]) -> list[s.Samples]:
    """Return channels with a voice in one and something else in the others."""
    return [s.turn(0) if n == number else other(VOICE_SECONDS) for n in range(count)]


def mixes() -> Iterator[Variant]:
    """Yield channels that must not simply be added up."""
    whole = says(s.turn_text(0))
    as_aac = functools.partial(channels, form="MP4, AAC", coding="-c:a aac -b:a 160k -f mp4")
    voice = s.turn(0)
    hissing = voice + s.hiss(VOICE_SECONDS, 0.004)
    yield as_aac("out of phase", lambda: [voice, -voice], whole)
    yield channels("out of phase, one softer", lambda: [voice, -0.6 * voice], whole)
    yield channels("out of phase, hiss", lambda: [hissing, -voice], whole)
    yield channels("out of phase, one 0.5 ms later", lambda: [voice, -np.roll(voice, 8)], whole)
    both = says(s.turn_text(0) + " " + s.turn_text(1), wrong=0.15)
    pair = s.join(s.turn(0), s.turn(1))
    crossed_later = [pair, s.join(s.turn(0), -s.turn(1))]
    yield as_aac("out of phase from the middle on", lambda: crossed_later, both, source=pair)
    apart = [s.join(s.turn(0), s.silence(7.1)), s.join(s.silence(13.3), s.turn(1))]
    yield channels("left, then right", lambda: apart, both, source=pair)
    for count, number in ((2, 1), (3, 2), (4, 1), (6, 2), (8, 7), (16, 11)):
        yield channels(
            f"speech in {number + 1} of {count}, others silent",
            functools.partial(voice_in, number, count, s.silence),
            whole,
        )
    for name, other in (("timecode", s.timecode), ("buzz", s.buzz), ("hiss", s.hiss)):
        loud = functools.partial(other, level=0.3)
        yield channels(f"{name} in the other", functools.partial(voice_in, 1, 2, loud), whole)
        yield channels(f"{name} in three of four", functools.partial(voice_in, 3, 4, loud), whole)
    buzzing = s.join(s.buzz(3.0, 0.3), s.silence(2.0), s.buzz(4.0, 0.3), pause=1.5)
    yield channels("buzz that comes and goes in the other", lambda: [voice, buzzing], whole)
    song = s.music(VOICE_SECONDS)
    yield channels(
        "music in the other",
        lambda: [voice, song],
        says(s.turn_text(0), wrong=0.2),
        source=voice + song,
    )
    yield channels(
        "speech in the centre of 5.1",
        functools.partial(voice_in, 2, 6, s.silence),
        whole,
        form="MKV, AC-3",
        coding="-c:a ac3 -f matroska",
    )


def calls() -> Iterator[Variant]:
    """Yield calls with a party on each channel."""
    order = [("a", 0), ("b", 1), ("b", 2), ("a", 3), ("b", 4)]

    def parties(leak: float = 0.0, noise: float = 0.0, gain: float = 1.0) -> list[s.Samples]:
        left, right = [], []
        for who, number in order:
            own, other = s.turn(number), s.silence(len(s.turn(number)) / SAMPLE_RATE)
            left.append(own if who == "a" else other + leak * own)
            right.append(gain * own if who == "b" else other + leak * own)
        pair = [s.join(*left), s.join(*right)]
        seconds = len(pair[0]) / SAMPLE_RATE
        return [p + noise * s.hiss(seconds, 1.0) for p in pair]

    spans, at, text = [], 0.0, []
    for who, number in order:
        length = len(s.turn(number)) / SAMPLE_RATE
        spans.append((who, at, at + length))
        text.append(s.turn_text(number))
        at += length + 0.8
    right = (says(" ".join(text), wrong=0.15), attributed(*spans))
    source = np.add(*parties())
    for content, made, form, coding in (
        ("a party on each", {}, "WAV, PCM", _WAV),
        ("one 12 dB softer", {"gain": 0.25}, "WAV, mu-law, 8 kHz", _phone("pcm_mulaw", "wav")),
        (
            "echo of the other 26 dB below",
            {"leak": 0.05},
            "WAV, A-law, 8 kHz",
            _phone("pcm_alaw", "wav"),
        ),
        ("comfort noise", {"noise": 0.0015}, "MP3, 8 kHz", _phone("libmp3lame", "mp3")),
        ("echo of the other 20 dB below", {"leak": 0.1}, "OGG, Opus", "-c:a libopus -f ogg"),
    ):
        call = functools.partial(parties, **made)
        yield channels(content, call, *right, form=form, coding=coding, kind="calls", source=source)
    talking_over = [s.turn(0), np.concatenate([s.silence(11.0), s.turn(1)])]
    yield channels(
        "both at once for two seconds",
        lambda: talking_over,
        says(s.turn_text(1), start=13.4, end=18.2, wrong=0.9),
        attributed(("a", 0, 10.5), ("b", 13.8, 18.2)),
        kind="calls",
        source=np.add(*(s.padded(party, 18.1) for party in talking_over)),
    )


def _phone(codec: str, container: str) -> str:
    return f"-ar 8000 -c:a {codec} -f {container}"


def tracks() -> Iterator[Variant]:
    """Yield files with several audio tracks."""

    def pair(first: Callable[[float], s.Samples], coding: str) -> Make:
        both = "-map 0:a -map 1:a -disposition:a:0 default -disposition:a:1 0 "

        def make(path: Path) -> None:
            one = s.write_wav(path.with_name("first.wav"), first(VOICE_SECONDS))
            two = s.write_wav(path.with_name("second.wav"), s.turn(0))
            ffmpeg("-i", one, "-i", two, *(both + coding).split(), path)

        return make

    heard = (says(s.turn_text(0)), lost_nothing)
    for content, first, form, coding in (
        ("silent default track", s.silence, "MP4, AAC", "-c:a aac -f mp4"),
        ("silent default track", s.silence, "MKV, Opus", "-c:a libopus -f matroska"),
        ("silent default track", s.silence, "MOV, PCM", "-c:a pcm_s16le -f mov"),
        ("default track with a click", clicked, "MP4, AAC", "-c:a aac -f mp4"),
        ("default track with faint hiss", faint, "MKV, FLAC", "-c:a flac -f matroska"),
        ("default track with timecode", s.timecode, "MOV, PCM", "-c:a pcm_s16le -f mov"),
    ):
        yield Variant("tracks", content, form, pair(first, coding), heard, source=s.turn(0))
    warned = (warns("media.other_tracks"),)
    for content, first, form, coding in (
        ("default track with music", s.music, "MKV, AAC", "-c:a aac -f matroska"),
        ("default track with noises", noises, "MP4, AAC", "-c:a aac -f mp4"),
    ):
        source = first(VOICE_SECONDS)
        yield Variant("tracks", content, form, pair(first, coding), warned, source=source)


def clicked(seconds: float) -> s.Samples:
    """Return silence with one click."""
    samples = s.silence(seconds)
    samples[20_000:20_040] = 0.5
    return samples


def noises(seconds: float) -> s.Samples:
    """Return the sounds of a game: bangs, and claps between."""
    at = np.arange(round(seconds * SAMPLE_RATE)) % SAMPLE_RATE
    return s.hiss(seconds, 0.3) * np.exp(-at / 3000) + s.applause(seconds, 0.01)


def faint(seconds: float) -> s.Samples:
    """Return the noise of an open input."""
    return s.hiss(seconds, 0.002)


def labels() -> Iterator[Variant]:
    """Yield QuickTime files with odd names of their channels."""

    def named(codes: tuple[int, ...], voice: int) -> Make:
        def make(path: Path) -> None:
            s.encode(
                path,
                "-c:v libx264 -preset ultrafast -c:a pcm_s16le -f mov",
                *voice_in(voice, len(codes), s.silence),
                picture="testsrc2=size=320x180:rate=10:duration=13.2",
            )
            path.write_bytes(labelled(path.read_bytes(), codes))

        return make

    checks = (says(s.turn_text(0)), lasts(13.3), lost_nothing)
    for content, codes, voice in (
        ("four unused", (0, 0, 0, 0), 1),
        ("right before left", (2, 1), 0),
        ("twice left", (1, 1), 1),
        ("unknown labels", (0xFFFF0000, 0x10000 + 3), 1),
        ("centre, LFE, discrete", (3, 4, 65536), 2),
        ("eight unused", (0,) * 8, 5),
    ):
        make, source = named(codes, voice), s.turn(0)
        yield Variant("channel labels", content, "MOV, H.264, PCM", make, checks, source=source)


def labelled(data: bytes, codes: Sequence[int]) -> bytes:
    """Return a QuickTime file, its sample data first, with these labels in its `chan` box."""
    body = struct.pack(">IIII", 0, 0, 0, len(codes))
    body += b"".join(struct.pack(">II", code, 0) + bytes(12) for code in codes)
    chan = struct.pack(">I4s", 8 + len(body), b"chan") + body
    found = [*_boxes(data, 0, len(data), ())]
    old = next((box for box in found if box[2] == b"chan"), None)
    entry = next(box for box in found if box[2] in {b"sowt", b"lpcm", b"in24"})
    at, size, _, around = old or (entry[0] + entry[1], 0, b"", (*entry[3], entry[0]))
    result = bytearray(data)
    for offset in around:
        (before,) = struct.unpack_from(">I", result, offset)
        struct.pack_into(">I", result, offset, before + len(chan) - size)
    result[at : at + size] = chan
    return bytes(result)


def _boxes(
    data: bytes, at: int, end: int, around: tuple[int, ...]
) -> Iterator[tuple[int, int, bytes, tuple[int, ...]]]:
    """Yield (offset, size, kind, offsets of the boxes around)."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield at, size, kind, around
        inner = {b"stsd": at + 16, **dict.fromkeys(_BOXES_AROUND, at + 8)}.get(kind)
        if kind in {b"sowt", b"lpcm", b"in24"}:
            (version,) = struct.unpack_from(">H", data, at + 16)
            inner = at + 36 + (0, 16, 36)[version]
        if inner is not None:
            yield from _boxes(data, inner, at + size, (*around, at))
        at += size
