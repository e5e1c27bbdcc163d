"""Texts to vectors: all-MiniLM-L6-v2, in onnxruntime by default, in sentence-transformers for comparison.

Both give the same vectors to 1e-5; a test holds them to it where the second is installed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mitmgate.services import minilm
from mitmgate.services.bert_graph import WIDTH
from mitmgate.services.minilm import MAX_TOKENS, MODEL_ID, TOKENIZER, ModelUnusable
from mitmgate.services.onnx import import_onnxruntime, session

__all__ = ["MAX_TOKENS", "MODEL_ID", "WIDTH", "Embedder", "ModelUnusable", "Vectors", "load_embedder"]

STATES_BYTES: Final = 32 * 1024 * 1024  # some 3,500 questions
STATES_BYTES_ASIDE: Final = 2 * 1024 * 1024

type Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """A loaded model. `embed` is for one thread at a time; `count_tokens` may run beside it."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """-> float32[n, 384], L2-normalised, in the texts' order. What lies beyond MAX_TOKENS is not seen."""
        ...

    def states(self, text: str) -> Vectors:
        """-> float32[t, 384], the text's tokens after the lower half of the layers, for the verifier.

        Those of texts that were lately embedded or asked for are remembered.
        """
        ...

    def forget(self) -> None:
        """Drops the states of texts that are remembered, whosever they are. From any thread."""
        ...

    def aside(self) -> Embedder:
        """The same model for another thread, which remembers a few states of its own."""
        ...

    def count_tokens(self, text: str) -> int:
        """The tokens of the whole text with the two that frame it; above MAX_TOKENS the model would not see all."""
        ...


def load_embedder(kind: str, data_dir: Path, model_path: Path | None = None) -> Embedder:
    """kind: `onnx` or `sentence-transformers`. Takes a second or two. Raises ModelUnusable."""
    if kind == "onnx":
        return OnnxEmbedder.load(data_dir, model_path)
    return SentenceTransformerEmbedder.load(data_dir, model_path)


class OnnxEmbedder:
    """The model in onnxruntime on one thread."""

    def __init__(
        self, words: Vectors, lower: Any, upper: Any, tokenizer: Any, states_bytes: int = STATES_BYTES
    ) -> None:
        """words: float32[vocabulary, 384]; lower, upper: the sessions of the model's halves."""
        self._words, self._lower, self._upper = words, lower, upper
        self._tokenizer = tokenizer
        self._states_bytes = states_bytes
        self._kept = KeptStates(states_bytes)

    @classmethod
    def load(cls, data_dir: Path, model_path: Path | None = None, states_bytes: int = STATES_BYTES) -> OnnxEmbedder:
        """From the folder given or the installed package; builds the ONNX files when they are not there yet."""
        try:
            onnxruntime = import_onnxruntime()
        except ImportError as error:
            raise ModelUnusable(f"onnxruntime cannot be imported: {error}") from None
        folder = minilm.model_folder(model_path)
        tokenizer = _tokenizer(folder)
        files = minilm.made_files(folder, data_dir)
        lower, upper = (session(onnxruntime, str(files[half])) for half in ("lower", "upper"))
        return cls(minilm.word_table(files["words"]), lower, upper, tokenizer, states_bytes)

    def aside(self) -> OnnxEmbedder:
        return OnnxEmbedder(self._words, self._lower, self._upper, self._tokenizer, STATES_BYTES_ASIDE)

    def embed(self, texts: Sequence[str]) -> Vectors:
        remembered = self._kept  # `forget` may come meanwhile
        rows = [_cut(encoding.ids) for encoding in self._encode(texts)]
        vectors = np.empty((len(rows), WIDTH), np.float32)
        lengths = defaultdict(list)
        for place, row in enumerate(rows):
            lengths[len(row)].append(place)
        # Only equal lengths go together: padding costs far more than it saves.
        for places in lengths.values():
            states = self._halfway([rows[place] for place in places])
            vectors[places] = self._upper.run(["sentence"], {"states": states})[0]
            for place, each in zip(places, states, strict=True):
                remembered.put(texts[place], each)
        return vectors

    def states(self, text: str) -> Vectors:
        remembered = self._kept
        kept = remembered.get(text)
        if kept is None:
            kept = remembered.put(text, self._halfway([_cut(self._encode([text])[0].ids)])[0])
        return kept.astype(np.float32)

    def forget(self) -> None:
        self._kept = KeptStates(self._states_bytes)

    def count_tokens(self, text: str) -> int:
        return len(self._encode([text])[0].ids)

    def _halfway(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """-> float32[n, t, 384], for tokens of n texts of equal length."""
        states: Vectors = self._lower.run(["states"], {"words": self._words[np.array(rows, np.int64)]})[0]
        return states

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        # A lone surrogate is no text; the tokenizer would refuse it.
        return list(self._tokenizer.encode_batch([text.encode(errors="replace").decode() for text in texts]))


class KeptStates:
    """States of texts as float16, the least recently used go first; STATES_BYTES of them at most."""

    def __init__(self, largest_bytes: int = STATES_BYTES) -> None:
        self._kept: OrderedDict[bytes, npt.NDArray[np.float16]] = OrderedDict()
        self._left = largest_bytes

    def get(self, text: str) -> npt.NDArray[np.float16] | None:
        found = self._kept.get(key := _key(text))
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, text: str, states: Vectors) -> npt.NDArray[np.float16]:
        """-> what is kept"""
        smaller = states.astype(np.float16)
        before = self._kept.pop(key := _key(text), None)
        self._kept[key] = smaller
        self._left += (before.nbytes if before is not None else 0) - smaller.nbytes
        while self._left < 0:
            _, oldest = self._kept.popitem(last=False)
            self._left += oldest.nbytes
        return smaller


class SentenceTransformerEmbedder:
    """The reference implementation, from the extra `[st]`. States come from the same model in onnxruntime."""

    def __init__(self, model: Any, tokenizer: Any, halfway: OnnxEmbedder) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._halfway = halfway

    @classmethod
    def load(cls, data_dir: Path, model_path: Path | None = None) -> SentenceTransformerEmbedder:
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
        return cls(model, _tokenizer(folder), OnnxEmbedder.load(data_dir, model_path))

    def states(self, text: str) -> Vectors:
        return self._halfway.states(text)

    def aside(self) -> SentenceTransformerEmbedder:
        return SentenceTransformerEmbedder(self._model, self._tokenizer, self._halfway.aside())

    def forget(self) -> None:
        self._halfway.forget()

    def embed(self, texts: Sequence[str]) -> Vectors:
        cleaned = [text.encode(errors="replace").decode() for text in texts]
        vectors = [self._model.encode([text], normalize_embeddings=True)[0] for text in cleaned]
        return np.asarray(vectors, np.float32).reshape(len(vectors), WIDTH)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text.encode(errors="replace").decode()).ids)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


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
