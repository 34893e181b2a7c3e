import json
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from runtime.core.media import Audio
from runtime.processor.stages.waveform import MOST_PEAKS, draw_waveform

RATE = 16_000


def drawn(folder: Path, samples: npt.NDArray[np.int16]) -> dict[str, object]:
    path, into = folder / "audio.wav", folder / "waveform.json"
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(samples.tobytes())
    audio = Audio(
        path=path, sample_rate=RATE, starts_at_seconds=0.5, duration_seconds=len(samples) / RATE
    )
    draw_waveform(audio, into)
    document: dict[str, object] = json.loads(into.read_text())
    return document


def test_should_be_as_loud_as_the_sound_on_a_scale_of_decibels(tmp_path: Path) -> None:
    levels = (0, 32767, -32768, 3277, 130, 10)
    stretches = [np.full(RATE // 20, level, np.int16) for level in levels]
    document = drawn(tmp_path, np.concatenate(stretches))
    assert document["peaks"] == [0, 100, 100, 58, 0, 0]
    assert document["seconds_per_peak"] == pytest.approx(0.05)
    assert document["starts_at_seconds"] == 0.5


def test_should_have_no_more_peaks_for_a_longer_recording(tmp_path: Path) -> None:
    document = drawn(tmp_path, np.ones(200 * RATE, np.int16))
    peaks, each = document["peaks"], document["seconds_per_peak"]
    assert isinstance(peaks, list)
    assert isinstance(each, float)
    assert len(peaks) == MOST_PEAKS
    assert len(peaks) * each == pytest.approx(200)


def test_should_draw_nothing_of_a_sound_without_samples(tmp_path: Path) -> None:
    assert drawn(tmp_path, np.array([], np.int16))["peaks"] == []
