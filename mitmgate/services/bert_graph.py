"""The parts of BERT as nodes of an ONNX graph, named as its weights are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.onnx_file import Graph

WIDTH: Final = 384
HEADS: Final = 12
WORDS: Final = "embeddings.word_embeddings.weight"
_EPSILON: Final = 1e-12

type Weights = Mapping[str, npt.NDArray[np.float32]]


class Bert:
    """The parts of the encoder, named as its weights are."""

    def __init__(self, graph: Graph, weights: Weights, bias: str) -> None:
        """bias: the name of float[n, 1, 1 or t, t], added to every score of attention."""
        self._graph = graph
        self._weights = weights
        self._bias = bias
        self._apart = graph.constant(ints(0, 0, HEADS, WIDTH // HEADS))
        self._together = graph.constant(ints(0, 0, WIDTH))
        self._scale = graph.constant(floats(1 / math.sqrt(WIDTH // HEADS)))
        self._root, self._half = graph.constant(floats(math.sqrt(2))), graph.constant(floats(0.5))
        self._one = graph.constant(floats(1))
        self._last = graph.constant(ints(-1))

    def embeddings(self, words: str) -> str:
        """words: the name of float[n, t, 384], each token's row of WORDS."""
        graph, at = self._graph, "embeddings."
        # All tokens are of type 0, so its row can stand in the positions.
        placed = (
            self._weights[at + "position_embeddings.weight"] + self._weights[at + "token_type_embeddings.weight"][0]
        )
        zero, one, two = (graph.constant(ints(n)) for n in range(3))
        length = graph.node("Slice", graph.node("Shape", words), one, two)
        places = graph.node("Slice", graph.constant(placed), zero, length, zero)
        return self._norm(graph.node("Add", words, places), at + "LayerNorm")

    def layer(self, at: str, states: str, *, cross: str | None = None, output: str | None = None) -> str:
        """at: how its weights' names begin; cross: as `attention` has it."""
        add = self._graph.node
        mixed = self._linear(self._attention(at + "attention.self.", states, cross), at + "attention.output.dense")
        states = self._norm(add("Add", mixed, states), at + "attention.output.LayerNorm")
        hidden = self._gelu(self._linear(states, at + "intermediate.dense"))
        total = add("Add", self._linear(hidden, at + "output.dense"), states)
        return self._norm(total, at + "output.LayerNorm", output)

    def _attention(self, at: str, states: str, cross: str | None) -> str:
        """cross: float[n, 1, t, t], 1 where a token looks at one of the other text: weights say what differs there."""
        node = self._graph.node

        def heads(part: str, order: list[int]) -> str:
            return node("Transpose", node("Reshape", self._linear(states, at + part), self._apart), perm=order)

        query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
        scores = node("Add", node("Mul", node("MatMul", query, key), self._scale), self._bias)
        if cross is not None:
            # As one more key that all tokens of the other text have.
            other_key = self._graph.constant(self._weights[at + "cross_key"][:, :, None] / math.sqrt(WIDTH // HEADS))
            bias = self._graph.constant(self._weights[at + "cross_bias"][:, None, None])
            scores = node("Add", scores, node("Mul", node("Add", node("MatMul", query, other_key), bias), cross))
        shares = node("Softmax", scores, axis=-1)
        mixed = node("MatMul", shares, value)
        if cross is not None:
            there = node("ReduceSum", node("Mul", shares, cross), self._last, keepdims=1)
            extra = self._graph.constant(self._weights[at + "cross_value"][:, None, :])
            mixed = node("Add", mixed, node("Mul", there, extra))
        return node("Reshape", node("Transpose", mixed, perm=[0, 2, 1, 3]), self._together)

    def _gelu(self, x: str) -> str:
        # The exact form, written as onnxruntime recognises it.
        node = self._graph.node
        share = node("Add", node("Erf", node("Div", x, self._root)), self._one)
        return node("Mul", node("Mul", x, share), self._half)

    def _linear(self, x: str, name: str) -> str:
        weight, bias = self._weights[name + ".weight"].T, self._weights[name + ".bias"]
        product = self._graph.node("MatMul", x, self._graph.constant(weight))
        return self._graph.node("Add", product, self._graph.constant(bias))

    def _norm(self, x: str, name: str, output: str | None = None) -> str:
        scale = self._graph.constant(self._weights[name + ".weight"])
        bias = self._graph.constant(self._weights[name + ".bias"])
        return self._graph.node("LayerNormalization", x, scale, bias, output=output, axis=-1, epsilon=_EPSILON)


def ints(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)
