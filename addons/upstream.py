"""Whom to ask, with whose credential, by when. What goes upstream is made here, header by header."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial

from mitmproxy import http

from addons.exchange import Exchange
from addons.gate import gate
from mitmgate.core.asked import gist
from mitmgate.core.backend import Backend, host_allowed, parse_backend_url, upstream_path
from mitmgate.core.client_deadline import client_deadline_s
from mitmgate.core.client_retries import client_retries
from mitmgate.core.credentials import without_query_key
from mitmgate.core.directory import Tenant
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.headers import forwardable
from mitmgate.core.paths import Route, strip_api
from mitmgate.core.redaction import StreamCover, secret_forms
from mitmgate.core.redirects import location_for_client
from mitmgate.core.retry import Retries, RetryBudget
from mitmgate.core.sealing import SealBroken, unseal
from mitmgate.core.settings import Upstream
from mitmgate.core.strays import query_without_strays, without_strays
from mitmgate.core.via import passed_gateways, via
from mitmgate.proxy.plan import Deadlines, Target

MAX_REMEMBERED = 10_000
SMALL_BYTES = 4 << 10
NOT_ALLOWED = partial(
    ServiceUnavailable, 503, "upstream_not_allowed", "The tenant's upstream is not among the allowed hosts."
)
NO_CREDENTIAL = partial(
    ServiceUnavailable, 503, "upstream_credential_broken", "The upstream's credential could not be opened."
)


class _Prepared:
    """What of a tenant's upstream stays the same from request to request."""

    __slots__ = ("backend", "budget", "credential", "host", "label", "replaced", "secrets", "target", "version")

    def __init__(self, tenant: Tenant, backend: Backend, credential: tuple[bytes, bytes] | None, share: float) -> None:
        self.version = tenant.version
        self.backend = backend
        self.credential = credential
        self.secrets = () if credential is None else secret_forms(credential[1])
        self.target = Target(tenant.id, backend.scheme, backend.host, backend.port, tenant.allow_private_upstream)
        self.replaced = frozenset() if credential is None else frozenset({credential[0].lower()})
        self.host = backend.authority.encode()
        self.label = backend.authority
        self.budget = RetryBudget(share)


class UpstreamStage:
    """Completes the plan: target, path, headers, deadlines, retries."""

    def __init__(self, settings: Upstream, master_keys: Mapping[str, bytes], pseudonym: bytes) -> None:
        self._settings = settings
        self._master_keys = master_keys
        self._pseudonym = pseudonym
        self._prepared: OrderedDict[int, _Prepared] = OrderedDict()

    @gate
    def requestheaders(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.is_upload:
            self.plan(flow.request, exchange)

    @gate
    def request(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        if exchange.route is Route.API and not exchange.is_upload:
            self.plan(flow.request, exchange)
            if exchange.body is not None and len(flow.request.raw_content or b"") > SMALL_BYTES:
                exchange.body = gist(exchange.body)  # the tree takes many times the text's memory, while we wait

    def plan(self, request: http.Request, exchange: Exchange) -> None:
        """Completes the exchange's plan for this request. Raises GatewayError."""
        tenant, plan = exchange.tenant, exchange.plan
        assert tenant is not None and plan is not None
        prepared = self._prepare(tenant)
        exchange.upstream, exchange.upstream_secrets = prepared.label, prepared.secrets
        plan.cover = StreamCover(prepared.secrets) if prepared.secrets else None
        path = strip_api(exchange.path, tenant.upstream_format)
        plan.path = upstream_path(prepared.backend.path, path).encode("latin-1")
        query = without_query_key(f"?{exchange.query}").removeprefix("?") if exchange.query else ""
        query = query_without_strays(query, exchange.credentials) if query else ""
        if query:
            plan.path += b"?" + query.encode("latin-1")
        plan.headers = self._headers(request, exchange, prepared)
        plan.credential = prepared.credential
        plan.deadlines = self.deadlines(exchange.headers)
        plan.retries = self._retries(exchange, tenant, prepared.budget, time.monotonic() + plan.deadlines.total_s)
        plan.relocate = partial(
            location_for_client,
            backend=prepared.backend,
            asked=plan.path.decode("latin-1"),
            method=request.method,
            upstream_format=tenant.upstream_format,
        )
        plan.target = prepared.target

    def _headers(self, request: http.Request, exchange: Exchange, prepared: _Prepared) -> list[tuple[bytes, bytes]]:
        kept = forwardable(request.headers.fields, prepared.replaced)
        read_here = exchange.is_json or exchange.filters_models or exchange.upstream_secrets  # to be found in an answer
        coding = b"identity" if read_here else exchange.headers.get("accept-encoding", "identity").encode("latin-1")
        kept.append((b"Accept-Encoding", coding))
        passed = passed_gateways(request.headers.fields) if "via" in exchange.headers else []
        gateways = via(passed, request.data.http_version, self._pseudonym)
        return [(b"Host", prepared.host), (b"Via", gateways), *without_strays(kept, exchange.credentials)]

    def _retries(self, exchange: Exchange, tenant: Tenant, budget: RetryBudget, ends_at: float) -> Retries:
        """The tenant's or the configuration's; a client may only lower them. 0 is one POST, whatever happens."""
        configured = self._settings.retries if tenant.upstream_retries is None else tenant.upstream_retries
        asked = client_retries(exchange.headers)
        left = configured if asked is None else min(configured, asked)
        return Retries(left, ends_at, budget)

    def deadlines(self, headers: Mapping[str, str]) -> Deadlines:
        """The configuration's; a client's headers may only lower them."""
        settings = self._settings
        total_s = settings.total_s
        if (asked_s := client_deadline_s(headers)) is not None:
            total_s = min(total_s, asked_s)
        return Deadlines(settings.connect_s, settings.first_byte_s, settings.idle_s, total_s)

    def _prepare(self, tenant: Tenant) -> _Prepared:
        prepared = self._prepared.get(tenant.id)
        if prepared is not None and prepared.version == tenant.version:
            return prepared
        backend = parse_backend_url(tenant.backend_url)
        if not host_allowed(backend.host, self._settings.allowed_hosts):
            raise NOT_ALLOWED()
        credential = None
        if tenant.upstream_auth is not None:
            try:
                value = unseal(self._master_keys, tenant.upstream_auth.sealed, b"tenant:%d:upstream_auth" % tenant.id)
            except SealBroken:
                raise NO_CREDENTIAL() from None
            credential = (tenant.upstream_auth.header.encode(), value.encode())
        prepared = _Prepared(tenant, backend, credential, self._settings.retry_budget)
        self._prepared[tenant.id] = prepared
        while len(self._prepared) > MAX_REMEMBERED:
            self._prepared.popitem(last=False)
        return prepared
