"""The client's side of HTTP/2: an early answer ends its own stream only, errors are ours, memory is bounded."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Final

import h2.config
import h2.errors
import h2.events
import h2.exceptions
import h2.stream
import h2.utilities
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http2 import Http2Server
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection

from mitmgate.core.errors import GatewayError
from mitmgate.proxy.http2_fields import are_trailers, problem_of_request
from mitmgate.proxy.http2_frames import Frames, TooMany
from mitmgate.proxy.wire import BROKEN_BODY, CONTENT_LENGTH, content_length, error_of_code, error_response

MAX_HEADER_LIST: Final = 1 << 20  # with 32 bytes for each field (RFC 9113 section 6.5.2)
MAX_STREAMS: Final = 128
LINGER_BYTES: Final = 1 << 20
MAX_RESETS: Final = 200
RESETS_FORGIVEN_A_S: Final = 10
REMEMBERED_STREAMS: Final = 1000  # ended ones, to know late frames by; h2's 65,536 are megabytes a connection

_CONFIGURATION: Final = h2.config.H2Configuration(
    **{**Http2Server.h2_conf_defaults, "client_side": False, "validate_inbound_headers": False}
)


class _H2Connection(BufferedH2Connection):
    """Judges neither fields nor a body's length: h2 ends all streams for one that is malformed (RFC 9113 8.1.1)."""

    def _begin_new_stream(self, stream_id: int, allowed_ids: Any) -> h2.stream.H2Stream:
        stream = super()._begin_new_stream(stream_id, allowed_ids)
        stream._initialize_content_length = _expect_nothing  # type: ignore[method-assign]
        return stream


def _expect_nothing(headers: Any) -> None:
    pass


class GatewayHttp2Server(Http2Server):
    """The client's side of HTTP/2. An early answer ends its own stream only; errors are JSON."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        vars(self.h2_conn).clear()  # mitmproxy's; its tables refer to it
        self.h2_conn = _H2Connection(_CONFIGURATION)
        self.h2_conn.decoder.max_header_list_size = MAX_HEADER_LIST
        self.h2_conn.local_settings.max_concurrent_streams = MAX_STREAMS
        self.h2_conn._closed_streams = h2.utilities.SizeLimitDict(size_limit=REMEMBERED_STREAMS)
        self._frames = Frames(self.h2_conn.max_inbound_frame_size)
        self._lingering: dict[int, int] = {}  # bytes that came for streams whose answer is out
        self._resets = 0.0  # of streams by the client, less those that were answered and what time forgives
        self._resets_at = 0.0
        self._missing: dict[int, int] = {}  # bytes still to come of bodies whose length was given

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, ResponseProtocolError):
            yield from self._answer_error(event)
            return
        if isinstance(event, ResponseHeaders):
            if self.is_open_for_us(event.stream_id):  # else the client has reset it
                self._resets = max(0.0, self._resets - 1)
            headers = event.response.headers
            headers.pop("transfer-encoding", None)
            headers.pop("connection", None)
        elif isinstance(event, ResponseData):
            self._frames.sent()
        elif isinstance(event, events.DataReceived):
            try:
                event = events.DataReceived(event.connection, self._frames.next(event.data))
            except TooMany as problem:
                yield from self.protocol_error("", problem.code)
                return
        yield from super()._handle_event(event)
        if isinstance(event, ResponseEndOfMessage):
            if self._client_may_send(event.stream_id):
                # A reset at once (RFC 9113 section 8.1) makes some clients fail instead of reading the answer.
                self._lingering[event.stream_id] = 0
            elif len(self.streams) > 2 * MAX_STREAMS:
                self._forget_ended()

    @property
    def more(self) -> bool:
        """Whether frames wait that can be worked on: an empty DataReceived goes on."""
        return self._frames.more

    full = False  # HTTP/2 has windows for that

    def waiting_bytes(self) -> int:
        """Bytes that have come and were not worked on."""
        return self._frames.waiting_bytes()

    def handle_h2_event(self, event: Any) -> CommandGenerator[bool]:
        stream_id: Any = getattr(event, "stream_id", None)
        if stream_id in self._lingering:
            if isinstance(event, h2.events.DataReceived):
                self._lingering[stream_id] += event.flow_controlled_length
                if self._lingering[stream_id] > LINGER_BYTES:
                    if self._client_may_send(stream_id):
                        self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
                    self._forget(stream_id)
                else:
                    self.h2_conn.acknowledge_received_data(event.flow_controlled_length, stream_id)
                return False
            if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                self._forget(stream_id)
                return False
        elif isinstance(event, h2.events.StreamReset):
            return (yield from self._client_reset(event))
        elif isinstance(event, h2.events.RequestReceived):
            if (problem := problem_of_request(event.headers)) is not None:
                if self.is_open_for_us(event.stream_id):  # it may have been reset in the same read
                    self._send_error(event.stream_id, problem)
                if self._client_may_send(event.stream_id):
                    self._lingering[event.stream_id] = 0
                return False
            self._note_length(event)
        elif (stream_id in self._missing and self._lies(event)) or (
            isinstance(event, h2.events.TrailersReceived) and not are_trailers(event.headers)
        ):
            if isinstance(event, h2.events.DataReceived):
                self.h2_conn.acknowledge_received_data(event.flow_controlled_length, stream_id)
            if not isinstance(event, h2.events.StreamEnded):
                self._lingering[stream_id] = 0
            yield ReceiveHttp(RequestProtocolError(stream_id, BROKEN_BODY, ErrorCode.GENERIC_CLIENT_ERROR))
            return False
        return (yield from super().handle_h2_event(event))

    def _client_reset(self, event: h2.events.StreamReset) -> CommandGenerator[bool]:
        """Tells the stream, also when its end came in the same read: mitmproxy has forgotten it by then."""
        stream = self.h2_conn.streams.get(event.stream_id)
        if stream is None or not stream.state_machine.headers_sent:  # else the client had some of what it asked for
            now = time.monotonic()
            self._resets = max(0.0, self._resets - (now - self._resets_at) * RESETS_FORGIVEN_A_S) + 1
            self._resets_at = now
        if self._resets > MAX_RESETS:  # each cost us a request's work (CVE-2023-44487)
            yield from self.protocol_error("", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            return True
        self._forget(event.stream_id)
        yield ReceiveHttp(RequestProtocolError(event.stream_id, "reset", ErrorCode.CANCEL))
        return False

    def _note_length(self, event: h2.events.RequestReceived) -> None:
        """What is no length, or comes without a body, is for `wire.malformed`."""
        lengths = [value for name, value in event.headers if name == CONTENT_LENGTH]
        if lengths and event.stream_ended is None:
            with suppress(ValueError):
                self._missing[event.stream_id] = content_length(lengths[0])

    def _lies(self, event: Any) -> bool:
        """Whether this shows that a body is longer or shorter than it was said to be."""
        stream_id = event.stream_id
        if isinstance(event, h2.events.DataReceived):
            self._missing[stream_id] -= len(event.data)
            return self._missing[stream_id] < 0
        if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
            return self._missing.pop(stream_id) > 0 and isinstance(event, h2.events.StreamEnded)
        return False

    def goodbye(self) -> bytes:
        """GOAWAY, which tells the client what of its requests nobody has looked at (RFC 9113 section 6.8)."""
        with suppress(h2.exceptions.ProtocolError):
            self.h2_conn.close_connection()
        return self.h2_conn.data_to_send()

    def frame_begun(self) -> bool:
        """Whether a frame, or a head of several frames, has begun and is not whole."""
        return not self.more and self.waiting_bytes() > 0

    def protocol_error(
        self, message: str, error_code: int = h2.errors.ErrorCodes.PROTOCOL_ERROR
    ) -> CommandGenerator[None]:
        """Says goodbye without the library's words."""
        yield from super().protocol_error("", error_code)

    def close_connection(self, msg: str) -> CommandGenerator[None]:
        """Works on nothing more."""
        self._frames.drop()
        yield from super().close_connection(msg)

    def _client_may_send(self, stream_id: int) -> bool:
        stream = self.h2_conn.streams.get(stream_id)
        return stream is not None and stream.state_machine.state in (
            h2.stream.StreamState.OPEN,
            h2.stream.StreamState.HALF_CLOSED_LOCAL,
        )

    def _forget_ended(self) -> None:
        """mitmproxy forgets a stream that its client ends last; a request's client ends it first."""
        for stream_id in [stream_id for stream_id in self.streams if self.is_closed(stream_id)]:
            self._forget(stream_id)

    def _forget(self, stream_id: int) -> None:
        self._lingering.pop(stream_id, None)
        self._missing.pop(stream_id, None)
        self.streams.pop(stream_id, None)

    def _answer_error(self, event: ResponseProtocolError) -> CommandGenerator[None]:
        error = error_of_code(event.code)
        stream: Any = self.h2_conn.streams.get(event.stream_id)
        if (
            error is None
            or stream is None
            or stream.state_machine.headers_sent
            or not self.is_open_for_us(event.stream_id)
        ):
            yield from super()._handle_event(event)
            return
        self._send_error(event.stream_id, error)
        yield commands.SendData(self.conn, self.h2_conn.data_to_send())

    def _send_error(self, stream_id: int, error: GatewayError) -> None:
        response = error_response(error)
        fields = [(b":status", b"%d" % error.status), *((k.lower(), v) for k, v in response.headers.fields)]
        self.h2_conn.send_headers(stream_id, fields)
        self.h2_conn.send_data(stream_id, response.content or b"", end_stream=True)
