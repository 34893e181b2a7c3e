"""The voice of each speaker: the mean of its windows, weighted by its speech alone."""

import numpy as np
import pytest

from runtime.processor.models.diarization_windows import Windows
from runtime.processor.models.speaker_voices import speaker_voices

FRAMES, WINDOW, STEP = 10, 10.0, 5.0
ADA, BEN = np.array([1.0, 0.0]), np.array([0.0, 1.0])
SILENT = np.array([np.nan, np.nan])


def windows(*found: tuple[list[list[int]], list[np.ndarray]]) -> Windows:
    """Return windows of active frames and a voice for each local speaker."""
    activity = np.zeros((len(found), FRAMES, 2), np.uint8)
    for window, (active, _) in enumerate(found):
        for local, frames in enumerate(active):
            activity[window, frames, local] = 1
    voices = np.array([given for _, given in found], np.float32)
    return Windows(activity=activity, voices=voices)


def test_should_find_the_voice_of_each_speaker_whatever_the_windows_call_them() -> None:
    found = windows(
        ([[0, 1, 2, 3, 4], []], [2 * ADA, SILENT]),
        # Five seconds later, another window has the speakers the other way around.
        ([[5, 6, 7, 8, 9], [0, 1]], [3 * BEN, ADA]),
    )
    turns = [(0.0, 7.0, 4), (10.0, 15.0, 7)]
    voices = speaker_voices(found, turns, window_seconds=WINDOW, step_seconds=STEP)
    assert [(speaker, seconds) for speaker, seconds, _ in voices] == [(4, 7.0), (7, 5.0)]
    assert voices[0][2] == pytest.approx((1.0, 0.0))
    assert voices[1][2] == pytest.approx((0.0, 1.0))


def test_should_weigh_windows_by_speech_and_leave_out_what_is_unclear() -> None:
    mixed = np.array([0.6, 0.8])
    found = windows(
        ([[0, 1, 2, 3], []], [ADA, SILENT]),
        ([[0], []], [mixed, SILENT]),
        # Spoken at once, and of two speakers by half: of neither.
        ([[0, 1], [0, 1]], [BEN, BEN]),
        ([[0, 1, 8, 9], []], [BEN, SILENT]),
    )
    turns = [(0.0, 18.0, 0), (22.0, 26.0, 1)]
    ((speaker, _, vector),) = speaker_voices(found, turns, window_seconds=WINDOW, step_seconds=STEP)
    expected = 4 * ADA + mixed
    assert speaker == 0
    assert vector == pytest.approx(tuple(expected / np.linalg.norm(expected)))


def test_should_find_no_voice_without_speech() -> None:
    silent = windows(([[], []], [SILENT, SILENT]))
    assert speaker_voices(silent, [], window_seconds=WINDOW, step_seconds=STEP) == []
