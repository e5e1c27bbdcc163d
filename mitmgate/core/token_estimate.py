"""About how many tokens a text has, for answers that broke off before the vendor reported them. Pure.

A token is taken for four bytes of text, as OpenAI's help page on tokens does for English; of a stream, each event with
text is one token at least, since vendors send an event for each or for a few.
"""

from __future__ import annotations

import re
from typing import Final

_BYTES_A_TOKEN: Final = 4
_SAMPLE_BYTES: Final = 32 << 10
_texts: Final = re.compile(
    rb'"(?:content|text|input|prompt|system|instructions|description|delta|arguments|partial_json|thinking|reasoning'
    rb'|reasoning_content|refusal|response|transcript)"\s*+:\s*+"([^"\\]*+(?:\\.[^"\\]*+)*+)',
    re.DOTALL,
).findall
# Responses repeats as a whole what it sent in pieces; sound and pictures are no text.
_is_no_text: Final = re.compile(rb'"type"\s*:\s*"[\w.]*(?:\.done"|audio|image)').search
_split_lines: Final = re.compile(rb"[\r\n]+").split


def estimated_prompt(body: bytes) -> int | None:
    """Tokens of a request's texts; None when it has none. Of a large body the beginning stands for all of it."""
    sample = body[:_SAMPLE_BYTES]
    size = sum(map(_size, _texts(sample)))
    return max(1, _scaled(size, len(body), len(sample)) // _BYTES_A_TOKEN) if size else None


class PassedText:
    """What has passed of an answer since the vendor last reported its tokens: its size, and enough to estimate."""

    __slots__ = ("_parts", "_room", "size")

    def __init__(self) -> None:
        self.clear()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._room > 0:
            self._parts.append(chunk[: self._room])
            self._room -= len(chunk)

    def clear(self) -> None:
        """What has passed is reported."""
        self._parts: list[bytes] = []
        self._room = _SAMPLE_BYTES
        self.size = 0

    def estimated(self) -> int:
        """Tokens of the texts in it."""
        sample = b"".join(self._parts)
        events = size = 0
        for line in _split_lines(sample):
            texts = [text for text in _texts(line) if text] if line and _is_no_text(line) is None else ()
            if texts:
                events += 1
                size += sum(map(_size, texts))
        tokens = max(events, -(-size // _BYTES_A_TOKEN))
        return _scaled(tokens, self.size, len(sample))


def _size(text: bytes) -> int:
    """Bytes in UTF-8, about: an escape such as \\u4e2d is six for three."""
    return len(text) - 3 * text.count(b"\\u")


def _scaled(count: int, size: int, sampled: int) -> int:
    return count * size // sampled if sampled else 0
