"""A prior-knowledge HTTP/2 client that sends what a proper one would not."""

from __future__ import annotations

import json
import socket
from functools import partial
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions

Headers = list[tuple[str, str]]


class Http2:
    """One connection; `send` begins a stream, `answer` waits for its end."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.settimeout(20)
        config = h2.config.H2Configuration(
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        # Its Huffman coding takes time by the square of a header's length.
        self.h2.encoder.encode = partial(self.h2.encoder.encode, huffman=False)
        self.h2.initiate_connection()
        self._status: dict[int, int] = {}
        self._headers: dict[int, dict[str, str]] = {}
        self._bodies: dict[int, bytes] = {}
        self._ended: set[int] = set()
        self.reset: dict[int, int] = {}
        self.last_words = b""
        self.gone = False
        self.flush()

    def flush(self) -> None:
        try:
            self._socket.sendall(self.h2.data_to_send())
        except OSError:
            self.gone = True

    def raw(self, data: bytes) -> None:
        """Bytes past the library."""
        self._socket.sendall(data)

    def send(self, headers: Headers, body: bytes | None = None, end: bool = True) -> int:
        """Headers as they are given; -> the stream's id."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, headers, end_stream=body is None and end)
        self.flush()
        while body and not self.gone and stream not in self._ended:
            window = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if not window:
                self._receive()
                continue
            part, body = body[:window], body[window:]
            self.h2.send_data(stream, part, end_stream=end and not body)
            self.flush()
        return stream

    def answer(self, stream: int) -> tuple[int, dict[str, str], bytes]:
        """Status 0: the stream was reset or the connection ended before it was whole."""
        while stream not in self._ended and stream not in self.reset and not self.gone:
            self._receive()
        whole = stream in self._ended
        return self._status.get(stream, 0) if whole else 0, self._headers.get(stream, {}), self._bodies.get(stream, b"")

    def cancel(self, stream: int) -> None:
        self.h2.reset_stream(stream, 8)
        self.flush()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(65536)
            happened = self.h2.receive_data(data) if data else []
        except TimeoutError:
            raise
        except (OSError, h2.exceptions.ProtocolError):
            self.gone = True
            return
        if not data:
            self.gone = True
        for event in happened:
            self._take(event)
        self.flush()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            headers: Any = dict(event.headers)
            self._status[event.stream_id] = int(headers[":status"])
            self._headers[event.stream_id] = headers
        elif isinstance(event, h2.events.DataReceived):
            self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.reset[event.stream_id] = int(event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.gone = True
            self.last_words += event.additional_data or b""


def error_in(body: bytes) -> dict[str, Any]:
    """The error object of a raw answer in either format."""
    error: dict[str, Any] = json.loads(body)["error"]
    assert error["message"] and error["type"]
    return error
