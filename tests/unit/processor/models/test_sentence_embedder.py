import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.processor.models.integrity import write_manifest
from runtime.processor.models.sentence_embedder import (
    GRAPH,
    SentenceEmbedder,
    load_sentence_embedder,
)
from scripts.sentence_encoder import encoder

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


def test_should_compute_what_torchs_encoder_computes(embed: SentenceEmbedder, models: Path) -> None:
    texts = ["One.", "The committee meets on Tuesday, as it does in every other week of May."]
    np.testing.assert_allclose(embed(texts), by_torch(models / "minilm-l6", texts), atol=1e-5)


def test_should_find_the_graph_as_the_script_writes_it() -> None:
    assert GRAPH.read_bytes() == encoder().SerializeToString(deterministic=True), (
        "run: python -m scripts.sentence_encoder"
    )


def test_should_refuse_a_model_of_another_shape(models: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    config = json.loads((models / "minilm-l6" / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "num_attention_heads": 6}))
    write_manifest(tmp_path)
    with pytest.raises(ValueError, match="num_attention_heads"):
        load_sentence_embedder(other)


def by_torch(folder: Path, texts: list[str]) -> NDArray[np.float32]:
    """Embed with torch's own transformer encoder."""
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from torch.nn import functional

    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    layer = torch.nn.TransformerEncoderLayer(
        d_model=config["hidden_size"],
        nhead=config["num_attention_heads"],
        dim_feedforward=config["intermediate_size"],
        activation=config["hidden_act"],
        layer_norm_eps=config["layer_norm_eps"],
        batch_first=True,
    )
    count = config["num_hidden_layers"]
    encoder = torch.nn.TransformerEncoder(layer, count, enable_nested_tensor=False).eval()
    state: dict[str, torch.Tensor] = {}
    for number in range(count):
        theirs, ours = f"encoder.layer.{number}.", f"layers.{number}."
        for kind in ("weight", "bias"):
            parts = [
                weights[f"{theirs}attention.self.{p}.{kind}"] for p in ("query", "key", "value")
            ]
            state[f"{ours}self_attn.in_proj_{kind}"] = torch.cat(parts)
            for our_name, their_name in TORCH_NAMES.items():
                state[f"{ours}{our_name}.{kind}"] = weights[f"{theirs}{their_name}.{kind}"]
    encoder.load_state_dict(state)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    rows = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        scale, shift = (weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias"))
        x = functional.layer_norm(x, x.shape[-1:], scale, shift, config["layer_norm_eps"])
        with torch.inference_mode():
            rows.append(functional.normalize(encoder(x[None]).mean(dim=1), dim=1).numpy())
    return np.concatenate(rows)


TORCH_NAMES = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}


def test_should_be_loaded_once_for_all_jobs_of_a_worker(models: Path) -> None:
    assert load_sentence_embedder(models / "minilm-l6") is load_sentence_embedder(
        models / "minilm-l6"
    )
