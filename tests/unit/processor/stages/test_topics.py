import numpy as np
import pytest

from runtime.core.media import Scene, Sentence
from runtime.processor.stages import topics
from runtime.processor.stages.topics import COSTS, cue, topic_boundaries
from tests.unit.processor.builders import ANNA, BEN, embed, sentence

HARBOUR = "boats in the harbour need strong walls"
RAILWAY = "trains on the railway carry heavy slate"


def two_topics(each: int, seconds: float = 5.0) -> tuple[Sentence, ...]:
    texts = [HARBOUR] * each + [RAILWAY] * each
    return tuple(
        sentence(f"{text}.", start=i * seconds, each=seconds / 10) for i, text in enumerate(texts)
    )


def boundaries(said: tuple[Sentence, ...], end: float) -> list[int]:
    return topic_boundaries(said, embed([s.text for s in said]), end_seconds=end)


def test_should_find_the_first_sentence_of_another_topic() -> None:
    assert boundaries(two_topics(10), 100.0) == [10]


def test_should_find_none_in_one_sentence() -> None:
    assert boundaries(two_topics(10)[:1], 5.0) == []


def test_should_find_none_in_a_recording_shorter_than_two_topics() -> None:
    assert boundaries(two_topics(3), 30.0) == []


def test_should_join_sentences_of_a_long_talk_into_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "MAX_UNITS", 20)
    assert boundaries(two_topics(40), 400.0) == [40]


def test_should_count_a_pause_a_change_of_speaker_and_a_cut_as_cues() -> None:
    said = (
        sentence("One two.", start=0.0, speaker=ANNA),
        sentence("Three four.", start=0.8, speaker=ANNA),
        sentence("Five six.", start=10.0, speaker=BEN),
    )
    cuts = tuple(
        Scene(index=i, start_seconds=at, end_seconds=at + 1) for i, at in enumerate([0.0, 9.0])
    )
    assert cue(said, 0, cuts, COSTS) == 0.0
    assert cue(said, 1, cuts, COSTS) == 0.0
    assert cue(said, 2, (), COSTS) == pytest.approx(COSTS.pause + COSTS.speaker)
    assert cue(said, 2, cuts, COSTS) == pytest.approx(COSTS.pause + COSTS.speaker + COSTS.cut)


def test_should_put_a_boundary_in_the_pause_between_topics() -> None:
    mixed = f"{HARBOUR} {RAILWAY}"
    texts = [HARBOUR] * 8 + [mixed] * 2 + [RAILWAY] * 8
    for longest in (8, 9, 10):
        clock, said = 0.0, []
        for i, text in enumerate(texts):
            clock += 4.0 if i == longest else 0.1
            said.append(sentence(f"{text}.", start=clock))
            clock = said[-1].end_seconds
        assert boundaries(tuple(said), clock) == [longest]


def test_should_give_the_same_for_vectors_of_another_machine() -> None:
    said = two_topics(10)
    vectors = embed([s.text for s in said])
    noise = np.random.default_rng(1).normal(scale=1e-7, size=vectors.shape).astype(np.float32)
    assert topic_boundaries(said, vectors + noise, end_seconds=100.0) == [10]
