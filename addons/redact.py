"""Covers the upstream's credential in a buffered answer that echoes it, before anybody keeps or sends that answer.

Streams are covered as they pass: see `StreamCover`. What is encoded is not streamed, so that it can be read.
"""

from __future__ import annotations

from functools import partial

from mitmproxy import http

from addons.exchange import Exchange, exchange_of, readable_body, refusal
from addons.gate import BROKEN, log_failure
from mitmgate.core.errors import UpstreamFailed
from mitmgate.core.redaction import covered

UNREADABLE = partial(UpstreamFailed, 502, "upstream_malformed", "The upstream's answer is encoded in an unasked way.")


class RedactStage:
    """Stands before whoever reads the answer on its way out."""

    def response(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange is None or not exchange.upstream_secrets:
            return
        try:
            self._cover(flow, exchange)
        except Exception as problem:
            log_failure(self.response, problem)
            flow.response = refusal(exchange, BROKEN())

    @staticmethod
    def _cover(flow: http.HTTPFlow, exchange: Exchange) -> None:
        """An encoded body that holds the credential goes out decoded; one that cannot be decoded here does not."""
        response = flow.response
        if response is None or not response.raw_content:
            return
        body = readable_body(response)
        if body is None:  # it was asked for without an encoding
            flow.response = refusal(exchange, UNREADABLE())
            return
        if (clean := covered(body, exchange.upstream_secrets)) is body:
            return
        response.raw_content = clean
        response.headers.pop("content-encoding", None)
