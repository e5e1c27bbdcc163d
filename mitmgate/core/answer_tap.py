"""Which tap reads an answer: by its media type, and where that says nothing, by its first byte. Pure.

An answer in a content coding is decoded next to the pass-through; what goes out are the bytes that came.
"""

from __future__ import annotations

from typing import Final, Protocol

from mitmgate.core.encoding import is_plain
from mitmgate.core.passing_decoder import PassingDecoder
from mitmgate.core.recording import Recording
from mitmgate.core.token_usage import JsonTap, StreamTap, Tap, Tokens

_LINES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_NO_TEXT: Final = ("audio/", "image/", "video/", "font/", "multipart/")
_BEFORE_TEXT: Final = b" \t\r\n\xef\xbb\xbf"  # also a byte order mark


class TokenTap(Protocol):
    """What the ledger needs of a tap."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def has_read(self) -> bool: ...

    @property
    def terminal_seen(self) -> bool: ...

    @property
    def finish_reason(self) -> str | None: ...

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]: ...

    def tokens_so_far(self, request: bytes) -> Tokens: ...


def tap_for(
    client_format: str, content_type: str, coding: str, streamed: bool, recording: Recording | None = None
) -> TokenTap:
    """The tap of an answer whose headers are here. streamed: the request asked for a stream."""
    media_type = content_type.partition(";")[0].strip().lower()
    plain = is_plain(coding)
    if media_type == "text/event-stream" and plain:
        return StreamTap(client_format, recording)
    if media_type.startswith(_NO_TEXT):
        return Tap()
    by_lines = media_type in _LINES
    if plain and (by_lines or (media_type == "application/json" and not streamed)):
        return JsonTap(by_lines)
    return AnswerTap(client_format, by_lines, None if plain else PassingDecoder(coding), recording)


class AnswerTap:
    """Decodes what is coded, and finds out by the first byte whether it is JSON or events."""

    def __init__(
        self,
        client_format: str,
        by_lines: bool = False,
        decoder: PassingDecoder | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._client_format = client_format
        self._by_lines = by_lines
        self._decoder = decoder
        self._recording = recording
        self._inner = Tap()
        self._chosen = False
        self.terminal_seen = False

    @property
    def tokens(self) -> Tokens:
        return self._inner.tokens

    @property
    def has_read(self) -> bool:
        return self._chosen

    @property
    def finish_reason(self) -> str | None:
        return self._inner.finish_reason

    def tokens_so_far(self, request: bytes) -> Tokens:
        return self._inner.tokens_so_far(request)

    def split_terminal(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Of a coded answer, the whole chunk in which the terminal event ends is held."""
        if self.terminal_seen:
            return b"", chunk
        if self._decoder is None:
            split = self._read(chunk)
        else:
            if self._recording is not None:
                self._recording.add(chunk)  # the cache says of it why it is not kept
            self._read(self._decoder.feed(chunk))
            split = (b"", chunk) if self._inner.terminal_seen else (chunk, b"")
        self.terminal_seen = self._inner.terminal_seen
        return split

    def _read(self, text: bytes) -> tuple[bytes, bytes]:
        if not self._chosen and (first := text.lstrip(_BEFORE_TEXT)[:1]):
            self._chosen = True
            if first in b"{[":
                self._inner = JsonTap(self._by_lines)
            elif first in b"d:eir":  # data, a comment, event, id, retry
                self._inner = StreamTap(self._client_format, self._recording if self._decoder is None else None)
        return self._inner.split_terminal(text)
