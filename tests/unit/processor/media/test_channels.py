"""What becomes of the channels of a recording: mixed, chosen, turned over or kept apart."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.contract import Channels
from runtime.core.media import Audio
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.probe import probe
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import Gauge, samples_of

pytestmark = pytest.mark.media

RATE = 16_000
Samples = NDArray[np.float64]


def bursts(seconds: float, *spans: tuple[float, float], seed: int = 1) -> Samples:
    """Noise that comes and goes like syllables, within the spans; silence elsewhere."""
    draw = np.random.default_rng(seed)
    count = round(seconds * RATE)
    syllables = np.repeat(draw.random(round(seconds * 8)) > 0.35, RATE // 8)[:count]
    envelope = np.zeros(count)
    for start, end in spans:
        envelope[round(start * RATE) : round(end * RATE)] = 0.2
    return draw.standard_normal(count) * envelope * np.pad(syllables, (0, count - len(syllables)))


def hiss(seconds: float, level: float = 0.1) -> Samples:
    return np.random.default_rng(9).standard_normal(round(seconds * RATE)) * level


def written(path: Path, *channels: Samples) -> Path:
    pcm = np.clip(np.stack(channels, axis=1) * 32767, -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as wav:
        wav.setparams((len(channels), 2, RATE, 0, "NONE", "not compressed"))
        wav.writeframes(pcm.tobytes())
    return path


def extracted(folder: Path, *channels: Samples, how: Channels = Channels.AUTO) -> Audio:
    path = written(folder / "channels.wav", *channels)
    return extract_audio(path, probe(path), folder / "mono.wav", Gauge(), channels=how)


def level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


VOICE = bursts(12.0, (0.5, 5.0), (6.0, 11.5))


def test_should_turn_over_a_channel_that_cancels_the_other(tmp_path: Path) -> None:
    audio = extracted(tmp_path, VOICE, -VOICE)
    assert level(samples_of(audio)) == pytest.approx(level(VOICE), rel=0.02)


def test_should_turn_a_channel_over_from_the_moment_on_that_it_is_crossed(tmp_path: Path) -> None:
    crossed = np.where(np.arange(len(VOICE)) < 6 * RATE, VOICE, -VOICE)
    audio = extracted(tmp_path, VOICE, crossed)
    assert np.corrcoef(samples_of(audio), VOICE)[0, 1] > 0.999


@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize("noise", [hiss(12.0), hiss(12.0, 0.0)], ids=["hiss", "silence"])
def test_should_hear_the_one_channel_with_speech(
    tmp_path: Path, count: int, noise: Samples
) -> None:
    channels = [noise] * count
    channels[1] = VOICE
    audio = extracted(tmp_path, *channels)
    assert audio.parties is None
    assert np.corrcoef(samples_of(audio), VOICE)[0, 1] > 0.999


def test_should_leave_out_a_hum(tmp_path: Path) -> None:
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(len(VOICE)) / RATE)
    assert np.corrcoef(samples_of(extracted(tmp_path, hum, VOICE)), VOICE)[0, 1] > 0.999


def test_should_leave_out_a_hum_that_comes_and_goes(tmp_path: Path) -> None:
    at = np.arange(len(VOICE)) / RATE
    hum = 0.3 * np.sin(2 * np.pi * 50 * at) * (at % 5 < 3)
    assert np.corrcoef(samples_of(extracted(tmp_path, hum, VOICE)), VOICE)[0, 1] > 0.999


@pytest.mark.parametrize(
    "default",
    [hiss(12.0, 0.0), hiss(12.0, 0.002), np.eye(1, 12 * RATE, 9)[0]],
    ids=["silence", "faint hiss", "a click"],
)
def test_should_take_another_track_than_a_default_one_without_speech(
    tmp_path: Path, default: Samples
) -> None:
    tracks = []
    for name, samples in (("default", default), ("voice", VOICE)):
        tracks += ["-i", written(tmp_path / f"{name}.wav", samples)]
    path = tmp_path / "tracks.mkv"
    ffmpeg(*tracks, "-map", "0", "-map", "1", "-c:a", "flac", "-disposition:a:0", "default", path)
    audio = extract_audio(path, probe(path), tmp_path / "mono.wav", Gauge())
    assert np.corrcoef(samples_of(audio), VOICE)[0, 1] > 0.999


def test_should_mix_stereo_as_usual(tmp_path: Path) -> None:
    other = bursts(12.0, (0.5, 11.5), seed=2) * 0.3
    left, right = VOICE + other, VOICE - 0.2 * other
    audio = extracted(tmp_path, left, right)
    assert audio.parties is None
    assert np.allclose(samples_of(audio), (left + right) / 2, atol=0.001)


def test_should_keep_a_party_on_each_channel_apart(tmp_path: Path) -> None:
    first = bursts(20.0, (0.5, 4.2), (9.0, 13.2), seed=3)
    second = bursts(20.0, (4.5, 8.2), (13.5, 19.2), seed=4) * 0.5
    audio = extracted(tmp_path, second, first)
    assert audio.parties is not None
    found = [(t.speaker, round(t.start_seconds), round(t.end_seconds)) for t in audio.parties.turns]
    assert found == [
        ("SPEAKER_00", 0, 4),
        ("SPEAKER_01", 4, 8),
        ("SPEAKER_00", 9, 13),
        ("SPEAKER_01", 14, 19),
    ]
    assert level(samples_of(audio)) == pytest.approx(level(first + second), rel=0.02)


def test_should_take_no_parties_from_two_microphones_in_one_room(tmp_path: Path) -> None:
    first, second = bursts(20.0, (0.5, 9.0), seed=5), bursts(20.0, (10.0, 19.0), seed=6)
    channels = (first + 0.5 * second, second + 0.5 * first)
    assert extracted(tmp_path, *channels).parties is None
    asked = extracted(tmp_path, *channels, how=Channels.SEPARATE).parties
    assert asked is not None
    assert [turn.speaker for turn in asked.exclusive_turns] == ["SPEAKER_00", "SPEAKER_01"]


def test_should_add_channels_up_where_that_is_asked(tmp_path: Path) -> None:
    audio = extracted(tmp_path, VOICE, hiss(12.0), how=Channels.MIX)
    assert np.allclose(samples_of(audio), (VOICE + hiss(12.0)) / 2, atol=0.001)


def test_should_take_channels_with_unusual_names_as_any_others(tmp_path: Path) -> None:
    """PyAV frees the list of such names twice where it may."""
    voice = tmp_path / "voice.wav"
    extracted(tmp_path, VOICE)
    (tmp_path / "mono.wav").rename(voice)
    path = tmp_path / "named.mov"
    graph = "[0:a]asplit[a][b];[a][b]join=2,channelmap=0|1:FR+FL"
    ffmpeg("-i", voice, "-filter_complex", graph, "-c:a", "pcm_s16le", path)
    audio = extract_audio(path, probe(path), tmp_path / "again.wav", Gauge())
    assert np.corrcoef(samples_of(audio)[: len(VOICE)], VOICE)[0, 1] > 0.99


def test_should_pass_over_a_silent_default_track(tmp_path: Path) -> None:
    extracted(tmp_path, VOICE)
    path = tmp_path / "tracks.mkv"
    silence = ("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=12")
    ffmpeg(
        *silence, "-i", tmp_path / "mono.wav", "-map", "0:a", "-map", "1:a", "-c:a", "flac", path
    )
    info = probe(path)
    assert info.audio is not None
    assert info.audio.index == 1
