"""The verifier: the log-odds that one answer is right for two questions, from the states of both halfway the model.

Its layers continue all-MiniLM's lower half and read both questions together; `training/` makes the weights, and
`training/model.py` says what is learnt. They are kept as int8 with a scale for each row and used as float32, so that
a pair has the same result, to rounding, whoever else is asked about. docs/verifier.md is their model card.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.bert_graph import WIDTH, Bert, Weights, ints
from mitmgate.services.minilm import ALONE, LAYERS, ModelUnusable, read_safetensors, sha256_of
from mitmgate.services.onnx import import_onnxruntime, session
from mitmgate.services.onnx_file import FLOAT, Graph

FILE: Final = Path(__file__).parent.parent / "weights" / "verifier.safetensors"
SHA256: Final = "18763dbe804322bfd562d3f2b684e1527edeb53280593b7bade783078e915931"
LONGEST: Final = 64  # tokens of a question: it was trained on no longer ones
_PADDING: Final = -1e9  # added to a score of attention, it leaves nothing of it
_DESCRIPTORS: Final = Path("/proc/self/fd")
_MEMFD: Final = getattr(os, "memfd_create", None) if _DESCRIPTORS.exists() else None  # of Linux
_SEEN: Final = 5 * WIDTH  # what the head is given

type States = npt.NDArray[np.float32]


class Verifier:
    """A loaded verifier; threads may share it."""

    def __init__(self, session: Any, id_: str = "") -> None:
        self._session = session
        self.id = id_

    @classmethod
    def load(cls, path: Path = FILE, sha256: str = SHA256) -> Verifier:
        """From the shipped file. Raises ModelUnusable when it is missing or another."""
        try:
            digest = sha256_of(path)
        except OSError as error:
            raise ModelUnusable(f"{path} cannot be read: {error.strerror}") from None
        if digest != sha256:
            raise ModelUnusable(f"{path} is not the verifier of this version (its SHA-256 is {digest})")
        return cls.of(restored(read_safetensors(path)), digest[:12])

    @classmethod
    def of(cls, weights: Weights, id_: str = "") -> Verifier:
        """From float32 weights."""
        with BytesIO() if _MEMFD is None else open(_MEMFD("verifier"), "w+b") as model:
            build(weights).write(model)
            model.flush()
            # From bytes, onnxruntime would hold 20 MB more.
            whole = model.getvalue() if isinstance(model, BytesIO) else f"{_DESCRIPTORS}/{model.fileno()}"
            return cls(session(import_onnxruntime(), whole), id_)

    def log_odds(self, first: States, second: States) -> float | None:
        """Of two questions' states, float32[t, 384] each, in either order; None when one of them is too long."""
        return self.log_odds_of([(first, second)])[0]

    def log_odds_of(self, pairs: Sequence[tuple[States, States]]) -> list[float | None]:
        """Of many pairs at once: as one by one, to rounding. All are padded to the longest: they should be alike."""
        found: list[float | None] = [None] * len(pairs)
        read = [place for place, pair in enumerate(pairs) if max(map(len, pair)) <= LONGEST]
        if read:
            made = self._session.run(["log_odds"], _inputs([pairs[place] for place in read]))[0]
            for place, log_odds in zip(read, made[:, 0], strict=True):
                found[place] = float(log_odds)
        return found


def _inputs(pairs: Sequence[tuple[States, States]]) -> dict[str, npt.NDArray[np.float32]]:
    """What `build` names."""
    count, longest = len(pairs), max(len(first) + len(second) for first, second in pairs)
    states = np.zeros((count, longest, WIDTH), np.float32)
    cross = np.zeros((count, 1, longest, longest), np.float32)
    bias = np.full((count, 1, 1, longest), _PADDING, np.float32)
    pick = np.zeros((count, 4, longest), np.float32)
    for place, (first, second) in enumerate(pairs):
        ends, length = len(first), len(first) + len(second)
        states[place, :ends], states[place, ends:length] = first, second
        cross[place, 0, :ends, ends:length] = cross[place, 0, ends:length, :ends] = 1
        bias[place, 0, 0, :length] = 0
        pick[place, 0, :ends], pick[place, 1, ends:length] = 1 / ends, 1 / len(second)
        pick[place, 2, 0] = pick[place, 3, ends] = 1
    return {"states": states, "cross": cross, "bias": bias, "pick": pick}


def build(weights: Weights) -> Graph:
    """states, cross, bias, pick -> log_odds: float32[n, 1].

    states: float32[n, t, 384], both texts', one after the other; cross: float32[n, 1, t, t], 1 from one text to the
    other; bias: float32[n, 1, 1, t], 0 of tokens and _PADDING of what is none; pick: float32[n, 4, t], the mean of each
    text and its opening token.
    """
    graph = Graph("verifier")
    graph.input("states", FLOAT, ["n", "t", WIDTH])
    graph.input("cross", FLOAT, ["n", 1, "t", "t"])
    graph.input("bias", FLOAT, ["n", 1, 1, "t"])
    graph.input("pick", FLOAT, ["n", 4, "t"])
    graph.output("log_odds", FLOAT, ["n", 1])
    node = graph.node
    bert = Bert(graph, weights, "bias")
    states = "states"
    for layer in range(ALONE, LAYERS):
        states = bert.layer(f"encoder.layer.{layer}.", states, cross="cross")
    picked = node("MatMul", "pick", states)
    means, opens = (
        [node("Gather", picked, graph.constant(ints(row)), axis=1) for row in rows] for rows in ((0, 1), (2, 3))
    )
    seen = [
        node("Add", *opens),
        node("Abs", node("Sub", *opens)),
        node("Add", *means),
        node("Abs", node("Sub", *means)),
        node("Mul", *means),
    ]
    flat = node("Reshape", node("Concat", *seen, axis=2), graph.constant(ints(-1, _SEEN)))
    product = node("MatMul", flat, graph.constant(weights["head.weight"].T))
    node("Add", product, graph.constant(weights["head.bias"]), output="log_odds")
    return graph


def restored(kept: dict[str, npt.NDArray[Any]]) -> Weights:
    """The weights as float32: an int8 matrix times the scales of its rows."""
    weights: dict[str, npt.NDArray[np.float32]] = {}
    for name, array in kept.items():
        if array.dtype == np.int8:
            weights[name] = array.astype(np.float32) * kept[name + ".scale"][:, None]
        elif not name.endswith(".scale"):
            weights[name] = np.asarray(array, np.float32)
    return weights
