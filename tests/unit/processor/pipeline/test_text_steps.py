import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.processor.pipeline import text_steps
from runtime.processor.pipeline.text_steps import SentenceEmbeddings
from tests.unit.processor.builders import embed, sentence

SAID = tuple(sentence(f"This is said as number {n}.", start=10.0 * n) for n in range(10))


def test_should_show_signs_of_life_while_sentences_are_embedded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_steps, "_BATCH_SENTENCES", 4)
    signs: list[float] = []
    vectors = SentenceEmbeddings(lambda: embed).of(SAID, signs.append)
    np.testing.assert_array_equal(vectors, embed([said.text for said in SAID]))
    assert signs == [0.0] * 3


def test_should_show_signs_of_life_while_another_stage_embeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_steps, "_PROGRESS_SECONDS", 0.001)
    begun, may_end = threading.Event(), threading.Event()
    calls: list[int] = []

    def slowly(texts: Sequence[str]) -> NDArray[np.float32]:
        calls.append(len(texts))
        begun.set()
        assert may_end.wait(120.0)
        return embed(texts)

    meaning = SentenceEmbeddings(lambda: slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(meaning.of, SAID, lambda _: None)
        assert begun.wait(120.0)
        second = meaning.of(SAID, lambda _: may_end.set())
        assert first.result() is second
    assert calls == [len(SAID)]
