"""Sentences to vectors: MiniLM from its published weights, in ONNX Runtime.

See docs/adr/0003-sentence-embedder-without-transformers.md.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.processor.models.integrity import verify_model
from runtime.processor.models.onnx_session import open_session

Vectors = NDArray[np.float32]

SentenceEmbedder = Callable[[Sequence[str]], Vectors]
"""Sentences to rows of unit length, (n, dimension); a dot product is a cosine."""

GRAPH = Path(__file__).with_name("sentence_encoder.onnx")
"""The encoder without weights, written by `scripts.sentence_encoder`."""

SHAPE: Mapping[str, Any] = {
    "hidden_act": "gelu",
    "hidden_size": 384,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
    "type_vocab_size": 2,
    "vocab_size": 30522,
}
"""What the graph was written for, as `config.json` says it."""

TRANSPOSED = ".transposed"
"""The end of the names of matrices that the graph takes transposed."""

_MAXIMUM_TOKENS = 256  # what the model was trained with (its `sentence_bert_config.json`)
_BATCH_TOKENS = 512
"""Padding included; larger batches are no faster, and long texts would need much memory."""


@lru_cache(maxsize=1)
def load_sentence_embedder(model_dir: Path) -> SentenceEmbedder:
    """Return a function that embeds sentences, in the order given; warm workers load it once.

    `model_dir` holds MiniLM-L6 as sentence-transformers publishes it: `config.json`,
    `model.safetensors`, `tokenizer.json`; sentences are mean-pooled. Raises `Permanent`
    `models.missing` or `models.corrupt`, and `ValueError` for an encoder of another shape.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    verify_model(model_dir)
    config = json.loads((model_dir / "config.json").read_text())
    if others := {name for name, value in SHAPE.items() if config.get(name) != value}:
        raise ValueError(f"{model_dir} is no MiniLM-L6: it has another {', '.join(sorted(others))}")
    session = open_session(GRAPH, _given(load_file(model_dir / "model.safetensors")))
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.enable_truncation(_MAXIMUM_TOKENS)
    tokenizer.no_padding()

    def embed(sentences: Sequence[str]) -> Vectors:
        encoded = tokenizer.encode_batch(list(sentences))
        # Sentences of similar length share a batch, to limit padding.
        order = sorted(range(len(sentences)), key=lambda i: len(encoded[i].ids))
        result = np.empty((len(sentences), config["hidden_size"]), dtype=np.float32)
        for batch in _batches(order, [len(each.ids) for each in encoded]):
            length = len(encoded[batch[-1]].ids)
            for i in batch:
                encoded[i].pad(length)
            mask = np.array([encoded[i].attention_mask for i in batch], dtype=np.float32)
            inputs = {
                "tokens": np.array([encoded[i].ids for i in batch]),
                "positions": np.arange(length),
                "padding": np.where(mask == 0, np.float32(_OUTSIDE), np.float32(0))[:, None, None],
            }
            result[batch] = _unit_means(session.run(None, inputs)[0], mask)
        return result

    return embed


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield stretches of an order of ascending length, each of one text or of few tokens."""
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * lengths[i] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


_OUTSIDE = -1e9
"""Added to a score, it leaves no attention to padding."""


def _given(weights: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """Return the encoder's weights by the names of its graph."""
    given = {}
    for name, value in weights.items():
        part, _, kind = name.rpartition(".")
        if name.startswith("encoder.") and kind == "weight" and not part.endswith("LayerNorm"):
            given[f"{part}{TRANSPOSED}"] = np.ascontiguousarray(value.T)
        elif name.startswith(("encoder.", "embeddings.")) and kind != "position_ids":
            given[name] = value
    return given


def _unit_means(tokens: Vectors, mask: Vectors) -> Vectors:
    """Return the mean of each sentence's token vectors, padding left out, at unit length."""
    kept = mask[..., None]
    means = (tokens * kept).sum(axis=1) / kept.sum(axis=1)
    unit: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit
