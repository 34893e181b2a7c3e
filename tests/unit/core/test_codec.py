import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.codec import DecodeError, decode, encode
from runtime.core.media import Diarization, MediaInfo, Scene, Transcript, Turn, Word
from tests.unit.processor.builders import media

times = st.floats(min_value=0, max_value=1e6)
words = st.builds(
    Word, start_seconds=times, end_seconds=times, text=st.text(), probability=st.floats(0, 1)
)
turns = st.builds(Turn, start_seconds=times, end_seconds=times, speaker=st.text())
transcripts = st.builds(
    Transcript,
    language=st.none() | st.text(),
    language_probability=st.floats(0, 1),
    words=st.lists(words).map(tuple),
)
diarizations = st.builds(
    Diarization,
    turns=st.lists(turns).map(tuple),
    exclusive_turns=st.lists(turns).map(tuple),
)


def through_json(kind: Any, value: Any) -> Any:
    return decode(kind, json.loads(json.dumps(encode(value))))


@given(transcripts)
def test_should_bring_a_transcript_back(transcript: Transcript) -> None:
    assert through_json(Transcript, transcript) == transcript


@given(diarizations)
def test_should_bring_a_diarization_back(diarization: Diarization) -> None:
    assert through_json(Diarization, diarization) == diarization


@pytest.mark.parametrize("info", [media(), media(video=None), media(audio=None)])
def test_should_bring_media_back(info: MediaInfo) -> None:
    assert through_json(MediaInfo, info) == info


def test_should_bring_tuples_of_values_back() -> None:
    scenes = (Scene(index=0, start_seconds=0.0, end_seconds=1.5),)
    assert through_json(tuple[Scene, ...], scenes) == scenes
    assert through_json(tuple[Scene, ...], ()) == ()


def test_should_take_the_floats_of_libraries() -> None:
    scene = Scene(index=0, start_seconds=np.float32(0.5), end_seconds=np.float64(1.5))  # type: ignore[arg-type]  # what a careless stage returns
    assert through_json(Scene, scene) == Scene(index=0, start_seconds=0.5, end_seconds=1.5)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Scene, {"index": 0, "start_seconds": 0.0}),
        (Scene, {"index": 0, "start_seconds": 0.0, "end_seconds": 1.0, "more": 1}),
        (Scene, {"index": "0", "start_seconds": 0.0, "end_seconds": 1.0}),
        (Scene, {"index": True, "start_seconds": 0.0, "end_seconds": 1.0}),
        (Scene, []),
        (tuple[Scene, ...], {}),
        (float, "1.0"),
        (float, True),
        (str, None),
    ],
)
def test_should_refuse_another_shape(kind: Any, value: Any) -> None:
    with pytest.raises(DecodeError):
        decode(kind, value)
