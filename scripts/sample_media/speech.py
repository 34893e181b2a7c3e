"""Real speech with known words and speakers, joined into one track with its truth."""

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.sample_media.ffmpeg import decode_speech

SAMPLE_RATE = 16_000
DEBIAN_PACKAGES = (
    "pocketsphinx-testdata",
    "asterisk-core-sounds-en",
    "asterisk-core-sounds-en-g722",
)
_LEVEL_DB = -23.0
_ROOM_NOISE_DB = -65.0
_LEAD_SECONDS = 0.8

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval in which a speaker is speaking, in seconds."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording at 16 kHz; `text` is None where there is no transcript."""

    samples: Samples
    spans: tuple[Span, ...]
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A clip's place in the track."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The joined clips and what is known about them."""

    samples: Samples
    turns: tuple[Turn, ...]
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE


def joined(clips: Iterable[Clip], *, seed: int = 0) -> Track:
    """Return the clips at one level, pauses of 0.35 to 0.9 s between, over faint room noise."""
    random = np.random.default_rng(seed)
    pieces = [np.zeros(round(_LEAD_SECONDS * SAMPLE_RATE))]
    turns: list[Turn] = []
    spans: list[Span] = []
    at = len(pieces[0])
    for clip in clips:
        offset = at / SAMPLE_RATE
        placed = [
            Span(speaker=s.speaker, start=offset + s.start, end=offset + s.end) for s in clip.spans
        ]
        spans += placed
        if clip.text is not None:
            turns.append(
                Turn(
                    speaker=placed[0].speaker,
                    start=round(placed[0].start, 3),
                    end=round(placed[-1].end, 3),
                    text=clip.text,
                )
            )
        pause = np.zeros(round(random.uniform(0.35, 0.9) * SAMPLE_RATE))
        pieces += [at_level(clip.samples), pause]
        at += len(clip.samples) + len(pause)
    samples = np.concatenate(pieces)
    samples += random.normal(0, 10 ** (_ROOM_NOISE_DB / 20), len(samples))
    return Track(samples=np.clip(samples, -1, 1), turns=tuple(turns), spans=tuple(spans))


def at_level(samples: Samples) -> Samples:
    """Scale to -23 dB RMS, measured where there is sound."""
    loud = samples[np.abs(samples) > 0.01]  # noqa: PLR2004  # -40 dB: what is not background
    result: Samples = samples * (10 ** (_LEVEL_DB / 20) / np.sqrt(np.mean(loud**2)))
    return result


def spoken(speaker: str, samples: Samples) -> tuple[Span, ...]:
    """Return where a clean recording of one speaker has speech.

    Frames of 25 ms within 38 dB of the loud ones; pauses under 0.3 s belong to the speech, and
    50 ms at either side: an annotator's habits, as the diarization corpora have them.
    """
    hop, window, pad, shortest_pause, shortest = 160, 400, 0.05, 0.30, 0.15
    starts = range(0, max(1, len(samples) - window), hop)
    level = np.array([np.sqrt(np.mean(samples[s : s + window] ** 2) + 1e-12) for s in starts])
    loud = 20 * np.log10(level / np.percentile(level, 95) + 1e-9) > -38  # noqa: PLR2004
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    regions: list[list[float]] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start = max(0.0, first * hop / SAMPLE_RATE - pad)
        end = min(len(samples) / SAMPLE_RATE, (last * hop + window) / SAMPLE_RATE + pad)
        if regions and start - regions[-1][1] < shortest_pause:
            regions[-1][1] = end
        else:
            regions.append([start, end])
    return tuple(
        Span(speaker=speaker, start=start, end=end)
        for start, end in regions
        if end - start > shortest
    )


def talk_clips(debian: Path) -> list[Clip]:
    """Return ten turns of two speakers: a reader of a novel, and a telephone system's voice."""
    books = debian / "usr/share/pocketsphinx/test/data/librivox"
    novel = {
        m[2]: m[1].strip()
        for m in re.finditer(r"<s>(.*?)</s>\s*\((\S+)\)", (books / "transcription").read_text())
    }
    prompts_file = debian / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    with gzip.open(prompts_file, "rt", errors="replace") as file:
        lines = (line.split(":", 1) for line in file if ":" in line and not line.startswith(";"))
        prompts = {name: text.strip() for name, text in lines}

    def reader(number: str) -> Clip:
        name = f"sense_and_sensibility_01_austen_64kb-{number}"
        # The transcription has a slip of the pen here; the reader says it right.
        text = novel[name].replace("more a amiable", "more amiable")
        return _clip("reader", books / f"{name}.wav", text)

    def operator(name: str) -> Clip:
        path = debian / "usr/share/asterisk/sounds/en_US_f_Allison" / f"{name}.g722"
        return _clip("operator", path, prompts[name])

    return [
        operator("demo-moreinfo"),
        reader("0870"),
        reader("0880"),
        operator("queue-periodic-announce"),
        reader("0890"),
        operator("demo-congrats"),
        reader("0920"),
        operator("tt-allbusy"),
        reader("0930"),
        operator("demo-nogo"),
    ]


def sample_clips(dialogue: Path, speech: Path) -> list[Clip]:
    """Return pyannote's sample dialogue (speakers known) and a speech of 1961 (words known)."""
    spans = []
    for line in dialogue.with_suffix(".rttm").read_text().splitlines():
        fields = line.split()
        start = float(fields[3])
        spans.append(Span(speaker=fields[7], start=start, end=start + float(fields[4])))
    inaugural = (
        "And so, my fellow Americans, ask not what your country can do for you, "
        "ask what you can do for your country."
    )
    talk = Clip(samples=decode_speech(dialogue), spans=tuple(spans), text=None)
    return [talk, _clip("president", speech, inaugural)]


def rttm(name: str, spans: Sequence[Span]) -> str:
    """Return the spans as RTTM lines."""
    return "".join(
        f"SPEAKER {name} 1 {s.start:.3f} {s.end - s.start:.3f} <NA> <NA> {s.speaker} <NA> <NA>\n"
        for s in spans
    )


def _clip(speaker: str, path: Path, text: str) -> Clip:
    samples = decode_speech(path)
    return Clip(samples=samples, spans=spoken(speaker, samples), text=text)
