"""Files of labelled questions: JSON Lines, gzipped or not, read line by line. An error names its line."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from gatewayctl.text import plain
from mitmgate.matcher.simulation import StreamQuestion

LONGEST_LINE: Final = 1 << 20  # bytes
_GZIP: Final = b"\x1f\x8b"
_PAIR: Final = '{"a": "…", "b": "…", "same": 0 or 1}, and "kind": "…" if you like'
_QUESTION: Final = '{"q": "…"}, with "cls": "…" and "neg": ["…"] if you like, or plain text'


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two questions, and whether an answer to one may be served for the other."""

    a: str
    b: str
    same: bool
    kind: str


def read_labelled_pairs(path: Path) -> Iterator[LabelledPair]:
    """Raises UsageError, which names the line."""
    for number, line in _lines(path):
        parsed = _json(line)
        if not isinstance(parsed, dict):
            raise _wrong(path, number, f"is no pair: {_PAIR}")
        for name in ("a", "b"):
            if not isinstance(parsed.get(name), str):
                raise _wrong(path, number, f'has no text "{name}": {_PAIR}')
        if parsed.get("same") not in (0, 1):
            raise _wrong(path, number, 'needs "same": 0 or 1')
        kind = parsed.get("kind", "")
        if not isinstance(kind, str):
            raise _wrong(path, number, 'has a "kind" that is no text')
        yield LabelledPair(parsed["a"], parsed["b"], bool(parsed["same"]), kind[:100])


def read_stream(path: Path) -> Iterator[StreamQuestion]:
    """Raises UsageError, which names the line."""
    for number, line in _lines(path):
        if not line.lstrip().startswith("{"):
            yield StreamQuestion(line.strip())
            continue
        parsed = _json(line)
        if not isinstance(parsed, dict) or not isinstance(parsed.get("q"), str):
            raise _wrong(path, number, f"is no question: {_QUESTION}")
        cls, neg = parsed.get("cls"), parsed.get("neg")
        if cls is not None and not _is_name(cls):
            raise _wrong(path, number, 'has a "cls" that is neither text nor a whole number')
        if neg is not None and not (isinstance(neg, list) and all(map(_is_name, neg))):
            raise _wrong(path, number, 'has a "neg" that is no list of classes')
        refused = None if neg is None else frozenset(map(str, neg))
        yield StreamQuestion(parsed["q"], None if cls is None else str(cls), refused)


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Those that are not blank, with their numbers."""
    with _opened(path) as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                raise _wrong(path, number, f"is longer than {LONGEST_LINE:,} bytes")
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise _wrong(path, number, "is not UTF-8") from None
            if line.strip():
                yield number, line.rstrip("\r\n")


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | io.BufferedReader]:
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == _GZIP
        with gzip.GzipFile(path) if packed else path.open("rb") as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise click.UsageError(f"{plain(str(path))} is not a whole gzip file") from None
    except OSError as problem:
        raise click.UsageError(f"{plain(str(path))}: {problem.strerror or problem}") from None


def _wrong(path: Path, number: int, what: str) -> click.UsageError:
    return click.UsageError(f"{plain(path.name)}, line {number} {what}")
