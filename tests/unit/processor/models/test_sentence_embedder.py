from pathlib import Path

import numpy as np
import pytest

from runtime.processor.models.sentence_embedder import SentenceEmbedder, load_sentence_embedder

pytestmark = pytest.mark.models

PARAPHRASES = (
    ("How do I reset my password?", "I forgot my login and need a new password."),
    ("The harbour freezes over in winter.", "In the cold months there is ice on the port."),
    ("She plays the violin in an orchestra.", "She is an orchestral violinist."),
)


@pytest.fixture(scope="module")
def embed(models: Path) -> SentenceEmbedder:
    return load_sentence_embedder(models / "minilm-l6")


def test_should_put_paraphrases_closer_than_other_sentences(embed: SentenceEmbedder) -> None:
    first = embed([pair[0] for pair in PARAPHRASES])
    second = embed([pair[1] for pair in PARAPHRASES])
    similarity = first @ second.T
    unrelated = similarity[~np.eye(len(PARAPHRASES), dtype=bool)]
    assert similarity.diagonal().min() > unrelated.max() + 0.3


def test_should_give_rows_of_unit_length(embed: SentenceEmbedder) -> None:
    vectors = embed(["One.", "Two, and a little more.", ""])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_should_give_no_rows_for_no_sentences(embed: SentenceEmbedder) -> None:
    assert embed([]).shape == (0, 384)


def test_should_not_depend_on_what_shares_the_batch(embed: SentenceEmbedder) -> None:
    sentence = "The committee meets on Tuesday."
    company = [f"{'Much longer company, ' * (n % 7)}number {n}." for n in range(40)]
    alone = embed([sentence])[0]
    together = embed([*company, sentence])[-1]
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_should_cut_what_is_longer_than_the_model_reads(embed: SentenceEmbedder) -> None:
    start = "word " * 300
    np.testing.assert_allclose(embed([start]), embed([start + "and a new topic"]), atol=1e-5)


def test_should_be_loaded_once_for_all_jobs_of_a_worker(models: Path) -> None:
    assert load_sentence_embedder(models / "minilm-l6") is load_sentence_embedder(
        models / "minilm-l6"
    )
