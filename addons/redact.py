"""Covers the upstream's credential in a buffered answer that echoes it, before anybody keeps or sends that answer.

Streams are covered as they pass: see `StreamCover`.
"""

from __future__ import annotations

from mitmproxy import http

from addons.exchange import Exchange, exchange_of, readable_body, refusal
from addons.gate import BROKEN, log_failure
from mitmgate.core.redaction import covered


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
            flow.response = refusal(exchange, BROKEN)

    @staticmethod
    def _cover(flow: http.HTTPFlow, exchange: Exchange) -> None:
        """An encoded body that holds the credential goes out decoded; one that cannot be decoded here as it is."""
        response = flow.response
        if response is None or not response.raw_content:
            return
        body = readable_body(response)
        if body is None or (clean := covered(body, exchange.upstream_secrets)) is body:
            return
        response.raw_content = clean
        response.headers.pop("content-encoding", None)
