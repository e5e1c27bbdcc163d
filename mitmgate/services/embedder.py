"""Texts to vectors: all-MiniLM-L6-v2, in onnxruntime by default, in sentence-transformers for comparison.

Both give the same vectors to 1e-5; a test holds them to it where the second is installed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mitmgate.services import minilm
from mitmgate.services.minilm import MAX_TOKENS, MODEL_ID, TOKENIZER, WIDTH, ModelUnusable
from mitmgate.services.onnx import import_onnxruntime

__all__ = ["MAX_TOKENS", "MODEL_ID", "WIDTH", "Embedder", "ModelUnusable", "Vectors", "load_embedder"]

type Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """A loaded model. `embed` is for one thread at a time; `count_tokens` may run beside it."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """-> float32[n, 384], L2-normalised, in the texts' order. What lies beyond MAX_TOKENS is not seen."""
        ...

    def count_tokens(self, text: str) -> int:
        """The tokens of the whole text with the two that frame it; above MAX_TOKENS the model would not see all."""
        ...


def load_embedder(kind: str, data_dir: Path, model_path: Path | None = None) -> Embedder:
    """kind: `onnx` or `sentence-transformers`. Takes a second or two. Raises ModelUnusable."""
    if kind == "onnx":
        return OnnxEmbedder.load(data_dir, model_path)
    return SentenceTransformerEmbedder.load(model_path)


class OnnxEmbedder:
    """The model in onnxruntime on one thread."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, data_dir: Path, model_path: Path | None = None) -> OnnxEmbedder:
        """From the folder given or the installed package; builds the ONNX file when it is not there yet."""
        try:
            onnxruntime = import_onnxruntime()
        except ImportError as error:
            raise ModelUnusable(f"onnxruntime cannot be imported: {error}") from None
        folder = minilm.model_folder(model_path)
        tokenizer = _tokenizer(folder)
        onnxruntime.set_default_logger_severity(3)  # it warns of each GPU that is not there
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        graph = minilm.graph_file(folder, data_dir)
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        return cls(session, tokenizer)

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [_cut(encoding.ids) for encoding in self._encode(texts)]
        vectors = np.empty((len(rows), WIDTH), np.float32)
        lengths = defaultdict(list)
        for place, row in enumerate(rows):
            lengths[len(row)].append(place)
        # Only equal lengths go together: padding costs far more than it saves.
        for places in lengths.values():
            ids = np.array([rows[place] for place in places], np.int64)
            vectors[places] = self._session.run(["sentence"], {"ids": ids, "mask": np.ones_like(ids)})[0]
        return vectors

    def count_tokens(self, text: str) -> int:
        return len(self._encode([text])[0].ids)

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        # A lone surrogate is no text; the tokenizer would refuse it.
        return list(self._tokenizer.encode_batch([text.encode(errors="replace").decode() for text in texts]))


class SentenceTransformerEmbedder:
    """The reference implementation, from the extra `[st]`."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, model_path: Path | None = None) -> SentenceTransformerEmbedder:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelUnusable(f"cache.embedder: sentence-transformers needs the extra [st]: {error}") from None
        folder = minilm.model_folder(model_path)
        for name in minilm.SHA256:
            minilm.verified(folder, name)
        torch.set_num_threads(1)
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        model.max_seq_length = MAX_TOKENS
        return cls(model, _tokenizer(folder))

    def embed(self, texts: Sequence[str]) -> Vectors:
        cleaned = [text.encode(errors="replace").decode() for text in texts]
        vectors = [self._model.encode([text], normalize_embeddings=True)[0] for text in cleaned]
        return np.asarray(vectors, np.float32).reshape(len(vectors), WIDTH)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text.encode(errors="replace").decode()).ids)


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MAX_TOKENS else ids[: MAX_TOKENS - 1] + ids[-1:]  # the closing token stays


def _tokenizer(folder: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelUnusable(f"tokenizers cannot be imported: {error}") from None
    tokenizer = Tokenizer.from_file(str(minilm.verified(folder, TOKENIZER)))
    tokenizer.no_padding()  # the file pads to 128 and cuts there
    tokenizer.no_truncation()
    return tokenizer
