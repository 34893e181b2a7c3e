"""Short ways to say what a test is about: words, turns, sentences, media, an embedder."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import (
    AttributedWord,
    AudioStream,
    Diarization,
    MediaInfo,
    Sentence,
    Turn,
    VideoStream,
    Word,
)

ANNA = "SPEAKER_00"
BEN = "SPEAKER_01"

VIDEO = VideoStream(
    index=0, codec="h264", width=1280, height=720, frames_per_second=25.0, rotation_degrees=0
)
SOUND = AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, language=None)


def media(*, video: VideoStream | None = VIDEO, audio: AudioStream | None = SOUND) -> MediaInfo:
    return MediaInfo(
        container="mov", duration_seconds=60.0, size_bytes=1000, video=video, audio=audio
    )


def word(start: float, end: float, text: str = "word") -> Word:
    return Word(start_seconds=start, end_seconds=end, text=text, probability=0.9)


def turn(start: float, end: float, speaker: str = ANNA) -> Turn:
    return Turn(start_seconds=start, end_seconds=end, speaker=speaker)


def voices(*turns: Turn) -> Diarization:
    """Turns that do not overlap, so that both views are the same."""
    return Diarization(turns=turns, exclusive_turns=turns)


def attributed(start: float, end: float, text: str = "word", speaker: str = ANNA) -> AttributedWord:
    return AttributedWord(
        word=word(start, end, text), speaker=speaker, confidence=1.0, overlap=False
    )


def speech(
    text: str, *, start: float = 0.0, each: float = 0.4, speaker: str = ANNA
) -> tuple[AttributedWord, ...]:
    """The words of a text, said one after another at an even pace without pauses."""
    return tuple(
        attributed(start + i * each, start + (i + 1) * each, text, speaker)
        for i, text in enumerate(text.split())
    )


def sentence(text: str, *, start: float = 0.0, each: float = 0.4, speaker: str = ANNA) -> Sentence:
    return Sentence(speaker=speaker, words=speech(text, start=start, each=each, speaker=speaker))


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts that share words are near: a hashed bag of words, its rows of unit length."""
    rows = np.zeros((len(texts), 256), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for token in text.lower().split():
            row[zlib.crc32(token.strip(".,?!").encode()) % 256] += 1.0
    scaled: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
    return scaled
