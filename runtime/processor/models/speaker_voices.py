"""The voice of each speaker of a recording, from the voices of its windows."""

from collections.abc import Sequence

import numpy as np

from runtime.processor.models.diarization_windows import Windows
from runtime.processor.models.speaker_turns import Span

CLEAR_SHARE = 0.8
"""A window's voice counts for the speaker of so much of its speech alone."""

_NO_SPEAKER = -1

SpeakerVoice = tuple[int, float, tuple[float, ...]]
"""Number of the speaker, seconds of speech alone, vector of length 1."""


def speaker_voices(
    windows: Windows, exclusive: Sequence[Span], *, window_seconds: float, step_seconds: float
) -> list[SpeakerVoice]:
    """Return the voice of each speaker: the mean of its windows' voices by their seconds alone."""
    count, frames, _ = windows.activity.shape
    frame_seconds = window_seconds / frames
    total = round((count - 1) * step_seconds / frame_seconds) + frames + 1
    who = np.full(total, _NO_SPEAKER)
    for start, end, speaker in exclusive:
        who[round(start / frame_seconds) : round(end / frame_seconds)] = speaker
    sums: dict[int, np.ndarray] = {}
    heard: dict[int, float] = {}
    for window in range(count):
        first = round(window * step_seconds / frame_seconds)
        active = windows.activity[window] > 0
        alone = active & (active.sum(axis=1, keepdims=True) == 1)
        for local in np.flatnonzero(alone.any(axis=0)):
            vector = windows.voices[window, local]
            length = float(np.linalg.norm(vector))
            speakers, times = np.unique(
                who[first : first + frames][alone[:, local]], return_counts=True
            )
            speaker, most = int(speakers[times.argmax()]), int(times.max())
            if speaker == _NO_SPEAKER or most < CLEAR_SHARE * times.sum() or not length > 0.0:
                continue
            sums[speaker] = sums.get(speaker, 0.0) + vector / length * most
            heard[speaker] = heard.get(speaker, 0.0) + 1
    return [
        (
            speaker,
            sum(end - start for start, end, each in exclusive if each == speaker),
            tuple(float(x) for x in vector / np.linalg.norm(vector)),
        )
        for speaker, vector in sorted(sums.items())
        if np.linalg.norm(vector) > 0.0
    ]
