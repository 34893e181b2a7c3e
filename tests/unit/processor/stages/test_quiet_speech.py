"""Speech too soft for the voice detector, between louder speech."""

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.media import TimeRange
from runtime.processor.stages.quiet_speech import with_quiet_speech
from runtime.processor.stages.windows import SpeechSpans

RATE = 1000
Samples = NDArray[np.float32]


def noise(seconds: float, decibels: float, seed: int = 1) -> Samples:
    draw = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (draw * 10 ** (decibels / 20)).astype(np.float32)


def detector(samples: Samples) -> SpeechSpans:
    """Takes for speech what is at least as loud as -36 dB for a second."""
    spans = []
    for start in range(len(samples) // RATE):
        part = samples[start * RATE : (start + 1) * RATE]
        if float(np.sqrt(np.mean(part**2))) > 10 ** (-36 / 20):
            spans.append((float(start), start + 1.0))
    return SpeechSpans(tuple(spans), RATE)


def deaf(_: Samples) -> SpeechSpans:
    return SpeechSpans((), RATE)


@pytest.mark.parametrize("decibels", [-45, -55, -65])
def test_should_find_and_amplify_soft_speech(decibels: float) -> None:
    samples = np.concatenate([noise(5, -24), noise(4, decibels), noise(3, -24)])
    loud = SpeechSpans(((0.0, 5.0), (9.0, 12.0)), RATE)
    heard = with_quiet_speech(samples, loud, detector, deaf)
    assert [span for span in heard.speech.spans if 5 <= span[0] < 9] != []
    assert heard.speech.spans == tuple(sorted(heard.speech.spans))
    middle = heard.samples[6 * RATE : 8 * RATE]
    assert 20 * np.log10(np.sqrt(np.mean(middle**2))) == pytest.approx(-24, abs=2)
    assert np.array_equal(heard.samples[: 5 * RATE], samples[: 5 * RATE])


@pytest.mark.parametrize("decibels", [-90, -30])
def test_should_leave_silence_and_the_usual_alone(decibels: float) -> None:
    samples = np.concatenate([noise(5, -24), noise(4, decibels), noise(3, -24)])
    loud = SpeechSpans(((0.0, 5.0), (9.0, 12.0)), RATE)
    heard = with_quiet_speech(samples, loud, detector, deaf)
    assert heard.samples is samples
    assert heard.speech is loud


def test_should_leave_noise_alone_that_the_detector_takes_for_none() -> None:
    samples = np.concatenate([noise(5, -24), noise(4, -50), noise(3, -24)])
    loud = SpeechSpans(((0.0, 5.0), (9.0, 12.0)), RATE)
    heard = with_quiet_speech(samples, loud, deaf, deaf)
    assert heard.samples is samples
    assert heard.speech is loud


def test_should_judge_a_loud_pause_by_itself_without_amplifying_it() -> None:
    samples = np.concatenate([noise(5, -24), noise(4, -28), noise(3, -24)])
    loud = SpeechSpans(((0.0, 5.0), (9.0, 12.0)), RATE)
    heard = with_quiet_speech(samples, loud, deaf, detector)
    assert heard.samples is samples
    assert [span for span in heard.speech.spans if 5 <= span[0] < 9] != []
    assert heard.speech.spans == tuple(sorted(heard.speech.spans))
    # Music may be taken for speech so: without words it is not reported as speech that was lost.
    first, last = heard.doubted[0][0], heard.doubted[0][1]
    assert first >= 5
    assert heard.doubts(TimeRange(start_seconds=first, end_seconds=last))
    assert not heard.doubts(TimeRange(start_seconds=first - 1, end_seconds=last))


def test_should_leave_a_short_loud_pause_alone() -> None:
    samples = np.concatenate([noise(5, -24), noise(2, -28), noise(3, -24)])
    loud = SpeechSpans(((0.0, 5.0), (7.0, 10.0)), RATE)
    assert with_quiet_speech(samples, loud, deaf, detector).speech is loud
