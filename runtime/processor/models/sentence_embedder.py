"""Sentences to vectors: MiniLM from its published weights, with torch and tokenizers alone.

See docs/adr/0003-sentence-embedder-without-transformers.md.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.processor.models.integrity import verify_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

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
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    verify_model(model_dir)
    config = json.loads((model_dir / "config.json").read_text())
    weights = load_file(model_dir / "model.safetensors")
    encoder = _encoder(config, weights)
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.enable_truncation(_MAXIMUM_TOKENS)
    tokenizer.enable_padding()

    def embed(sentences: Sequence[str]) -> "Vectors":
        import numpy as np

        # Sentences of similar length share a batch, to limit padding.
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        result = np.empty((len(sentences), config["hidden_size"]), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            encoded = tokenizer.encode_batch([sentences[i] for i in batch])
            ids = torch.tensor([e.ids for e in encoded])
            mask = torch.tensor([e.attention_mask for e in encoded])
            with torch.inference_mode():
                result[batch] = _pooled(encoder, weights, ids, mask).numpy()
        return result

    return embed


def _pooled(
    encoder: "nn.TransformerEncoder", weights: Mapping[str, "Tensor"], ids: "Tensor", mask: "Tensor"
) -> "Tensor":
    """Return unit vectors: the mean of each sentence's token vectors, padding left out."""
    from torch.nn import functional

    table = "embeddings.word_embeddings.weight"
    tokens = functional.embedding(ids, weights[table])
    # One segment only, so its type vector is added to every token.
    tokens = tokens + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    tokens = tokens + weights["embeddings.token_type_embeddings.weight"][0]
    tokens = functional.layer_norm(
        tokens,
        tokens.shape[-1:],
        weights["embeddings.LayerNorm.weight"],
        weights["embeddings.LayerNorm.bias"],
        encoder.layers[0].norm1.eps,
    )
    encoded = encoder(tokens, src_key_padding_mask=mask == 0)
    kept = mask[..., None].float()
    return functional.normalize((encoded * kept).sum(dim=1) / kept.sum(dim=1), dim=1)


def _encoder(config: Mapping[str, Any], weights: Mapping[str, "Tensor"]) -> "nn.TransformerEncoder":
    """Return torch's own encoder with BERT's weights: the same computation by other names."""
    import torch
    from torch import nn

    layer = nn.TransformerEncoderLayer(
        d_model=config["hidden_size"],
        nhead=config["num_attention_heads"],
        dim_feedforward=config["intermediate_size"],
        activation=config["hidden_act"],
        layer_norm_eps=config["layer_norm_eps"],
        batch_first=True,
    )
    # Nested tensors, still a prototype in torch, would only save work on padding.
    encoder = nn.TransformerEncoder(layer, config["num_hidden_layers"], enable_nested_tensor=False)
    encoder.eval()
    state: dict[str, Tensor] = {}
    for number in range(config["num_hidden_layers"]):
        theirs, ours = f"encoder.layer.{number}.", f"layers.{number}."
        for kind in ("weight", "bias"):
            parts = [weights[f"{theirs}attention.self.{p}.{kind}"] for p in _ATTENTION_PARTS]
            state[f"{ours}self_attn.in_proj_{kind}"] = torch.cat(parts)
            for ours_name, theirs_name in _NAMES.items():
                state[f"{ours}{ours_name}.{kind}"] = weights[f"{theirs}{theirs_name}.{kind}"]
    encoder.load_state_dict(state)
    return encoder


_ATTENTION_PARTS = ("query", "key", "value")
_NAMES = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
