"""The order of the chain, stated once. A request goes down this list; its answer passes the same list on its way out.

route     whose request this is: control's, the gateway's own, an API's
own       answers /auth/token and /health
feedback  takes what a tenant says of its hits: /v1/feedback
auth      which tenant, by key or token, before the body is read
places    one of the worker's places, of which a tenant has a share
listing   which models there are: those that may be used
validate  method, sizes, content type, JSON
models    which model, and whether it may be asked for
quota     one request out of the tenant's window; asks the exact cache in the same round trip
redact    covers the upstream's credential, should its answer echo it
cache     answers what was asked before; keeps what may be answered again
semantic  answers what was asked before in other words
forwarded the tenant's place for as long as its upstream takes
upstream  chooses the upstream, the credential and the deadlines
          — mitmproxy forwards: mitmgate.proxy —
answer    which headers leave, and what the gateway says of itself
ledger    one record, before the last bytes leave
audit     requests a share of the hits in other words from the upstream as well, after they were served
"""

from __future__ import annotations

from addons.answer import AnswerStage
from addons.audit import AuditStage
from addons.auth import AuthStage
from addons.cache import CacheStage
from addons.feedback import FeedbackStage
from addons.ledger import LedgerStage
from addons.listing import ListingStage
from addons.models import ModelsStage
from addons.own import OwnStage
from addons.places import ForwardedPlaces, PlacesStage
from addons.quota import QuotaStage
from addons.redact import RedactStage
from addons.route import RouteStage
from addons.semantic import SemanticStage
from addons.turns import LongWork
from addons.upstream import UpstreamStage
from addons.validate import ValidateStage
from mitmgate.core.cors import Cors
from mitmgate.core.keys import worker_token
from mitmgate.core.tokens import TokenVerifier
from mitmgate.core.via import pseudonym
from mitmgate.proxy.audits import Audits
from mitmgate.services.authenticator import Authenticator
from mitmgate.services.opened import Services


def make_chain(services: Services, audits: Audits) -> list[object]:
    """The stages, in order, on these services."""
    settings, secrets = services.settings, services.secrets
    verifier = TokenVerifier(secrets.jwt_secrets)
    authenticator = Authenticator(
        services.directory, services.feed, services.store, secrets.peppers, verifier, demo=services.runtime.demo
    )
    name = pseudonym(secrets.pepper)
    work = LongWork()
    cache = CacheStage(settings.cache, services.exact_cache, services.directory)
    upstream = UpstreamStage(settings.upstream, secrets.master_keys, name)
    return [
        RouteStage(settings, services.runtime, name),
        OwnStage(authenticator, secrets.jwt_secrets, settings.auth.token_ttl_s, services.status),
        FeedbackStage(authenticator, services.runtime.control_port, worker_token(secrets.pepper)),
        AuthStage(authenticator),
        PlacesStage(settings.limits, services.in_flight),
        ListingStage(),
        ValidateStage(settings.limits, work),
        ModelsStage(work),
        QuotaStage(services.store, services.quota, cache),
        RedactStage(),
        cache,
        SemanticStage(settings.cache, services.matcher, services.exact_cache, services.comparisons),
        ForwardedPlaces(settings.limits, services.in_flight),
        upstream,
        AnswerStage(Cors(settings.server.cors_origins)),
        LedgerStage(services.journal, services.refusals, services.exact_cache, settings.usage.store_errors),
        AuditStage(settings.cache.audit_share, upstream, audits, services.journal, services.comparisons),
    ]


if __name__.startswith("__mitmproxy_script__"):  # mitmdump|mitmweb -s addons/chain.py
    from addons.standalone import Standalone

    addons = [Standalone(make_chain)]
