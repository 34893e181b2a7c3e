"""Sentences to vectors: MiniLM from its published weights, in NumPy.

See docs/adr/0003-sentence-embedder-without-transformers.md.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.processor.models.integrity import verify_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SentenceEmbedder = Callable[[Sequence[str]], "Vectors"]
"""Sentences to rows of unit length, (n, dimension); a dot product is a cosine."""

_MAXIMUM_TOKENS = 256  # what the model was trained with (its `sentence_bert_config.json`)
_BATCH = 32


@lru_cache(maxsize=1)
def load_sentence_embedder(model_dir: Path) -> SentenceEmbedder:
    """Return a function that embeds sentences, in the order given; warm workers load it once.

    `model_dir` holds a BERT encoder as sentence-transformers publishes it: `config.json`,
    `model.safetensors`, `tokenizer.json`; sentences are mean-pooled. Raises `Permanent`
    `models.missing` or `models.corrupt`.
    """
    from safetensors.numpy import load_file
    from threadpoolctl import threadpool_limits
    from tokenizers import Tokenizer

    verify_model(model_dir)
    config = json.loads((model_dir / "config.json").read_text())
    encoder = _Encoder(config, load_file(model_dir / "model.safetensors"))
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.enable_truncation(_MAXIMUM_TOKENS)
    tokenizer.enable_padding()

    def embed(sentences: Sequence[str]) -> "Vectors":
        import numpy as np

        # Sentences of similar length share a batch, to limit padding.
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        result = np.empty((len(sentences), config["hidden_size"]), dtype=np.float32)
        with threadpool_limits(1, user_api="blas"):
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                encoded = tokenizer.encode_batch([sentences[i] for i in batch])
                ids = np.array([e.ids for e in encoded])
                mask = np.array([e.attention_mask for e in encoded], dtype=np.float32)
                result[batch] = _unit_means(encoder.tokens(ids, mask), mask)
        return result

    return embed


def _unit_means(tokens: "Vectors", mask: "Vectors") -> "Vectors":
    """Return the mean of each sentence's token vectors, padding left out, at unit length."""
    import numpy as np

    kept = mask[..., None]
    means = (tokens * kept).sum(axis=1) / kept.sum(axis=1)
    unit: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


class _Encoder:
    """BERT's encoder: token numbers (sentences, tokens) to vectors (sentences, tokens, hidden)."""

    def __init__(self, config: Mapping[str, Any], weights: "Mapping[str, Vectors]") -> None:
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._layers = range(config["num_hidden_layers"])
        self._weights = weights

    def tokens(self, ids: "NDArray[np.int64]", mask: "Vectors") -> "Vectors":
        """Return the token vectors of the last layer; `mask` is 0 at padding."""
        import numpy as np

        weights, embeddings = self._weights, "embeddings."
        x: Vectors = weights[f"{embeddings}word_embeddings.weight"][ids]
        x = x + weights[f"{embeddings}position_embeddings.weight"][: ids.shape[1]]
        # One segment only, so its type vector is added to every token.
        x = x + weights[f"{embeddings}token_type_embeddings.weight"][0]
        x = self._normalized(x, f"{embeddings}LayerNorm")
        padding = np.where(mask == 0, np.float32(-np.inf), np.float32(0))[:, None, None]
        for number in self._layers:
            layer = f"encoder.layer.{number}."
            x = self._normalized(
                x + self._attention(x, padding, layer), f"{layer}attention.output.LayerNorm"
            )
            inner = _gelu(self._linear(x, f"{layer}intermediate.dense"))
            x = self._normalized(
                x + self._linear(inner, f"{layer}output.dense"), f"{layer}output.LayerNorm"
            )
        return x

    def _attention(self, x: "Vectors", padding: "Vectors", layer: str) -> "Vectors":
        import numpy as np

        sentences, tokens, hidden = x.shape
        parts = sentences, tokens, self._heads, hidden // self._heads
        query, key, value = (
            self._linear(x, f"{layer}attention.self.{name}").reshape(parts).transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(math.sqrt(parts[-1])) + padding
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        return self._linear(mixed, f"{layer}attention.output.dense")

    def _linear(self, x: "Vectors", name: str) -> "Vectors":
        product: Vectors = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _normalized(self, x: "Vectors", name: str) -> "Vectors":
        import numpy as np

        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        scale = self._weights[f"{name}.weight"]
        unit: Vectors = centred / np.sqrt(variance + np.float32(self._epsilon))
        return unit * scale + self._weights[f"{name}.bias"]


def _gelu(x: "Vectors") -> "Vectors":
    import numpy as np
    from scipy.special import erf

    rectified: Vectors = x * np.float32(0.5) * (1 + erf(x * np.float32(math.sqrt(0.5))))
    return rectified
