"""Sounds that recordings are made of: labelled speech, music, noise and signals, at 16 kHz."""

import functools
import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.labelled_speech.prompts import Prompt, Prompts
from scripts.sample_media.ffmpeg import decode_speech, ffmpeg
from scripts.sample_media.speech import SAMPLE_RATE

Samples = NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[2]
TALK = ROOT / ".lifestream" / "media" / "talk.mp4"
SPEECH_LEVEL = 0.07


@functools.cache
def _talk() -> Samples:
    return decode_speech(TALK)


@functools.cache
def turns() -> list[dict[str, object]]:
    """Return the sample talk's turns: speaker, start, end, text."""
    found: list[dict[str, object]] = json.loads(
        TALK.with_name("talk.truth.json").read_text(encoding="utf-8")
    )["turns"]
    return found


def talk(start: float, end: float) -> Samples:
    """Return a part of the sample talk."""
    return _talk()[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


def turn(number: int) -> Samples:
    """Return a turn of the sample talk at the usual level."""
    return levelled(talk(float(turns()[number]["start"]), float(turns()[number]["end"])))  # type: ignore[arg-type]


def turn_text(number: int) -> str:
    """Return what is said in a turn."""
    return str(turns()[number]["text"])


def two_turns() -> tuple[Samples, str]:
    """Return the talk's first two turns, and what is said in them."""
    return join(turn(0), turn(1)), f"{turn_text(0)} {turn_text(1)}"


@functools.cache
def _prompts() -> Prompts:
    return Prompts()


@functools.cache
def _prompt(language: str, name: str) -> Prompt:
    return _prompts().read(language, name)


def prompt(language: str, name: str = "demo-abouttotry") -> Samples:
    """Return a prompt at the usual level."""
    return levelled(_prompt(language, name).samples)


def prompt_text(language: str, name: str = "demo-abouttotry") -> str:
    """Return what a prompt says."""
    return _prompt(language, name).text


def levelled(samples: Samples) -> Samples:
    """Scale speech to the usual level."""
    loud = samples[np.abs(samples) > 0.01]
    result: Samples = samples * (SPEECH_LEVEL / np.sqrt(np.mean(loud**2)))
    return result


def quieter(samples: Samples, decibels: float) -> Samples:
    """Scale samples down."""
    return samples * float(10 ** (-decibels / 20))


def silence(seconds: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE))


def join(*parts: Samples, pause: float = 0.8) -> Samples:
    """Join sounds with pauses between."""
    pieces = [piece for part in parts for piece in (part, silence(pause))]
    return np.concatenate(pieces[:-1])


def padded(samples: Samples, seconds: float) -> Samples:
    """Return samples with silence up to a length."""
    return np.concatenate([samples, silence(max(0.0, seconds - len(samples) / SAMPLE_RATE))])


def hiss(seconds: float, level: float = 0.02) -> Samples:
    """Return white noise."""
    return np.random.default_rng(9).standard_normal(round(seconds * SAMPLE_RATE)) * level


def buzz(seconds: float, level: float = 0.2, hertz: float = 50.0) -> Samples:
    """Return a mains hum with its overtones."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    overtones = [np.sin(2 * np.pi * hertz * n * at) / n for n in range(1, 20)]
    samples: Samples = level * np.sum(overtones, axis=0)
    return samples


def timecode(seconds: float, level: float = 0.3) -> Samples:
    """Return linear timecode: biphase marks of 80 bits a frame, 25 frames a second."""
    draw = np.random.default_rng(4)
    half = SAMPLE_RATE // 4000
    state, pieces = 1.0, []
    for bit in draw.integers(0, 2, round(seconds * 2000)):
        state = -state
        first = state
        state = -state if bit else state
        pieces += [np.full(half, first), np.full(half, state)]
    samples: Samples = np.concatenate(pieces) * level
    return padded(samples, seconds)[: round(seconds * SAMPLE_RATE)]


def music(seconds: float, level: float = 0.08, seed: int = 3) -> Samples:
    """Return chords with a melody and a beat."""
    draw = np.random.default_rng(seed)
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    result = np.zeros(len(at))
    for beat in range(int(seconds * 2) + 1):
        playing = slice(beat * SAMPLE_RATE // 2, (beat + 3) * SAMPLE_RATE // 2)
        now = at[playing]
        fading = np.exp(-3 * (now - beat / 2))
        root = 110 * 2 ** (int(draw.choice([0, 3, 5, 7])) / 12)
        for ratio in (1, 5 / 4, 3 / 2, 2 * 2 ** (int(draw.integers(0, 8)) / 12)):
            for overtone in (1, 2, 3):
                sine = np.sin(2 * np.pi * root * ratio * overtone * now)
                result[playing] += fading * sine / overtone**2
    return level * result / max(1e-9, float(np.abs(result).max())) * 3


def echoing(samples: Samples, seconds: float = 0.6) -> Samples:
    """Return the sound in a room that fades by 60 dB within some seconds."""
    count = round(seconds * SAMPLE_RATE)
    tail = np.random.default_rng(2).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    size = _fast_size(len(samples) + count)
    room = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(0.05 * tail, size), size)
    result: Samples = samples + room[: len(samples)]
    return result


def _fast_size(count: int) -> int:
    return 1 << (count - 1).bit_length()


def rumble(seconds: float, level: float, hertz: float = 120.0) -> Samples:
    """Return noise below a frequency, as of wind or a fan."""
    count = round(seconds * SAMPLE_RATE)
    noise = hiss(_fast_size(count) / SAMPLE_RATE, 1.0)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE) > hertz] = 0
    samples = np.fft.irfft(spectrum, len(noise))[:count]
    result: Samples = level * samples / float(np.sqrt(np.mean(samples**2)))
    return result


def applause(seconds: float, level: float) -> Samples:
    """Return the claps of a crowd."""
    draw = np.random.default_rng(6)
    claps = np.zeros(round(seconds * SAMPLE_RATE))
    length = SAMPLE_RATE // 50
    for at in draw.integers(0, len(claps) - length, round(seconds * 120)):
        fading = np.exp(-np.arange(length) / 60) * draw.uniform(0.3, 1.0)
        claps[at : at + length] += fading * draw.standard_normal(length)
    result: Samples = level * claps / float(np.sqrt(np.mean(claps**2)))
    return result


def whispered(samples: Samples) -> Samples:
    """Return speech without a voice: noise with the spectrum's envelope."""
    size, hop, smooth = 512, 128, np.ones(9) / 9
    window = np.hanning(size)
    noise = hiss(len(samples) / SAMPLE_RATE, 1.0)[: len(samples)]
    result = np.zeros(len(samples))
    for at in range(0, len(samples) - size, hop):
        level = np.abs(np.fft.rfft(samples[at : at + size] * window))
        carrier = np.fft.rfft(noise[at : at + size] * window)
        envelope = np.convolve(level, smooth, "same")
        result[at : at + size] += window * np.fft.irfft(
            envelope * carrier / np.maximum(np.abs(carrier), 1e-9), size
        )
    return levelled(result)


def telephone(samples: Samples) -> Samples:
    """Keep 300 to 3400 Hz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(samples))


def write_wav(path: Path, *channels: Samples, rate: int = SAMPLE_RATE) -> Path:
    """Write channels as 16-bit PCM; shorter ones are padded."""
    longest = max(len(channel) for channel in channels) / SAMPLE_RATE
    stacked = np.stack([padded(channel, longest) for channel in channels], axis=1)
    with wave.open(str(path), "wb") as wav:
        wav.setparams((len(channels), 2, rate, 0, "NONE", "not compressed"))
        wav.writeframes((np.clip(stacked, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def encode(path: Path, coding: str, *channels: Samples, picture: str = "") -> None:
    """Write channels, and a picture of lavfi's, as ffmpeg does with the options of a coding."""
    wav = write_wav(path.with_name("sound.wav"), *channels)
    shown = ("-f", "lavfi", "-i", picture) if picture else ()
    ffmpeg(*shown, "-i", wav, *coding.split(), path)


def encoded(samples: Samples, coding: str, *, picture: str = "") -> Callable[[Path], None]:
    """Return a maker of one channel in a coding."""
    return lambda path: encode(path, coding, samples, picture=picture)
