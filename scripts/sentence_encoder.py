"""Writes the graph of the sentence embedder's encoder: python -m scripts.sentence_encoder.

It is MiniLM-L6's as ONNX, without weights: those are read from the published file, under whose
names the graph has them. A test fails if the file in `runtime` differs.
"""

import math
import sys
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

from runtime.processor.models.sentence_embedder import GRAPH, SHAPE, TRANSPOSED

LAYERS, HIDDEN, INNER = (
    SHAPE["num_hidden_layers"],
    SHAPE["hidden_size"],
    SHAPE["intermediate_size"],
)
HEADS = SHAPE["num_attention_heads"]
WORDS, POSITIONS = SHAPE["vocab_size"], SHAPE["max_position_embeddings"]
OPSET, IR_VERSION = 20, 10
FLOAT_BYTES = 4


class Graph:
    """Nodes and initializers; each method adds some and returns the name of the output."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        output = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, *shape: int) -> str:
        """Add a weight that is given when the graph is opened."""
        tensor = TensorProto(
            name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL
        )
        size = math.prod(shape) * FLOAT_BYTES
        for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)
        self.initializers.append(tensor)
        return name

    def constant(self, name: str, kind: int, shape: list[int], values: list[float]) -> str:
        """Add a constant."""
        self.initializers.append(helper.make_tensor(name, kind, shape, values))
        return name

    def linear(self, x: str, name: str, inputs: int, outputs: int) -> str:
        """Multiply by a matrix, which is given transposed, and add a row."""
        product = self.op("MatMul", x, self.weight(f"{name}{TRANSPOSED}", inputs, outputs))
        return self.op("Add", product, self.weight(f"{name}.bias", outputs))

    def normalized(self, x: str, name: str) -> str:
        """Normalize each token's vector."""
        scale, shift = (self.weight(f"{name}.{kind}", HIDDEN) for kind in ("weight", "bias"))
        epsilon = SHAPE["layer_norm_eps"]
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def encoder() -> ModelProto:
    """Return the encoder: `tokens`, `positions` and `padding` to the vectors of the last layer.

    `padding` is added to the attention's scores, (sentences, 1, 1, tokens).
    """
    graph = Graph()
    split = graph.constant("split", TensorProto.INT64, [4], [0, 0, HEADS, HIDDEN // HEADS])
    joined = graph.constant("joined", TensorProto.INT64, [3], [0, 0, HIDDEN])
    scale = graph.constant("scale", TensorProto.FLOAT, [], [1 / math.sqrt(HIDDEN // HEADS)])
    table = "embeddings.{}_embeddings.weight".format
    x = graph.op("Gather", graph.weight(table("word"), WORDS, HIDDEN), "tokens")
    places = graph.weight(table("position"), POSITIONS, HIDDEN)
    x = graph.op("Add", x, graph.op("Gather", places, "positions"))
    # One segment only, so its type vector is added to every token.
    kinds = graph.weight(table("token_type"), SHAPE["type_vocab_size"], HIDDEN)
    first = graph.constant("first", TensorProto.INT64, [], [0])
    x = graph.op("Add", x, graph.op("Gather", kinds, first))
    x = graph.normalized(x, "embeddings.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        query, key, value = (
            graph.op(
                "Reshape", graph.linear(x, f"{layer}.attention.self.{n}", HIDDEN, HIDDEN), split
            )
            for n in ("query", "key", "value")
        )
        query, value = (graph.op("Transpose", part, perm=[0, 2, 1, 3]) for part in (query, value))
        key = graph.op("Transpose", key, perm=[0, 2, 3, 1])
        scores = graph.op("Mul", graph.op("MatMul", query, key), scale)
        shares = graph.op("Softmax", graph.op("Add", scores, "padding"), axis=-1)
        mixed = graph.op("Transpose", graph.op("MatMul", shares, value), perm=[0, 2, 1, 3])
        mixed = graph.op("Reshape", mixed, joined)
        mixed = graph.linear(mixed, f"{layer}.attention.output.dense", HIDDEN, HIDDEN)
        x = graph.normalized(graph.op("Add", x, mixed), f"{layer}.attention.output.LayerNorm")
        inner = graph.op("Gelu", graph.linear(x, f"{layer}.intermediate.dense", HIDDEN, INNER))
        inner = graph.linear(inner, f"{layer}.output.dense", INNER, HIDDEN)
        x = graph.normalized(graph.op("Add", x, inner), f"{layer}.output.LayerNorm")
    value_info = helper.make_tensor_value_info
    shape = ["sentences", "length"]
    inputs = [
        value_info("tokens", TensorProto.INT64, shape),
        value_info("positions", TensorProto.INT64, shape[1:]),
        value_info("padding", TensorProto.FLOAT, ["sentences", 1, 1, "length"]),
    ]
    outputs = [value_info(x, TensorProto.FLOAT, [*shape, HIDDEN])]
    made = helper.make_graph(
        graph.nodes, "sentence_encoder", inputs, outputs, initializer=graph.initializers
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)


def main() -> int:
    """Write the file."""
    GRAPH.write_bytes(encoder().SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
