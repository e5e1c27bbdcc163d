"""/admin/tenants/{id}/test-upstream: a small real call on the way that the tenant's traffic takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import Field

from mitmgate.control.changes import changing, no_such_tenant
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.fields import Answer, Body, Model
from mitmgate.control.paging import Id
from mitmgate.core.backend import host_allowed, parse_backend_url
from mitmgate.core.errors import Refused, ServiceUnavailable
from mitmgate.core.sealing import SealBroken, unseal
from mitmgate.core.settings import Upstream
from mitmgate.core.upstream_question import FAILED, SKIPPED, make_question
from mitmgate.services.queries import queries
from mitmgate.services.upstream_probe import STEPS, Probe, Step, probe
from mitmgate.services.upstream_tls import upstream_tls

router = APIRouter(prefix="/admin/tenants/{tenant_id}", tags=["tenants"])

TOTAL_S: Final = 25.0
CONNECT_S: Final = 10.0


class UpstreamTestIn(Body):
    """What to try it with."""

    model: Annotated[Model | None, Field(description="null: the default model, else the first allowed one")] = None


class StepShown(Answer):
    """`ms` is null for what was not tried."""

    name: Literal["settings", "dns", "address", "tcp", "tls", "credential", "model"]
    state: Literal["ok", "failed", "skipped"]
    detail: str
    ms: float | None


class UpstreamTest(Answer):
    """ok: no step failed. model: what the upstream was asked for, null for the list of its models."""

    ok: bool
    upstream: str
    model: str | None
    steps: list[StepShown]


@router.post("/test-upstream", response_model=UpstreamTest)
async def test_upstream(here: Here, actor: Caller, tenant_id: Id, body: UpstreamTestIn | None = None) -> Any:
    """Makes a small real call to the tenant's upstream with its credential, and tells how each step went.

    Spends a token or so of the tenant's account, takes 25 s at most, and counts in no limit and no statistics. Always
    200; `ok` says whether the upstream works. Without any model known it asks for the list of models.
    """
    if here.upstream_tests.locked():
        raise ServiceUnavailable(503, "too_many_tests", "Other upstreams are being tried now.", retry_after_s=5)
    async with here.upstream_tests:
        asked = None if body is None else body.model
        async with changing(here, actor) as change:
            tenant = await change.connection.fetchrow(queries.tenants_shown, [tenant_id])
            if tenant is None:
                raise no_such_tenant()
            await change.record("tenant.test_upstream", tenant_id, {"model": asked})
        model = _model(tenant, asked)
        try:
            wanted = await _probe(here, tenant, model)
        except _Unfit as reason:
            steps = [Step("settings", FAILED, str(reason), None)]
            steps += [Step(name, SKIPPED, "", None) for name in STEPS]
        else:
            steps = await probe(wanted, here.resolve)
    ok = all(step.state != FAILED for step in steps)
    return {"ok": ok, "upstream": tenant["backend_url"], "model": model, "steps": steps}


class _Unfit(Exception):
    """The settings rule the call out; the text says which."""


def _model(tenant: Mapping[str, Any], asked: str | None) -> str | None:
    """What the upstream would be asked for. Raises Refused for what the tenant may not use."""
    allowed = tenant["allowed_models"]
    named = asked or tenant["default_model"] or next(iter(allowed or ()), None)
    model = (tenant["model_aliases"] or {}).get(named, named)
    if asked is not None and allowed is not None and model not in allowed:
        raise Refused(422, "model_not_allowed", "The tenant may not use that model.", param="model")
    return model


async def _probe(here: Control, tenant: Mapping[str, Any], model: str | None) -> Probe:
    settings: Upstream = here.settings.upstream
    try:
        backend = parse_backend_url(tenant["backend_url"])
        tls = await asyncio.to_thread(upstream_tls, settings)
    except ValueError as error:
        raise _Unfit(f"backend_url: {error}") from None
    except OSError:
        raise _Unfit("upstream.ca_file cannot be used") from None
    if not host_allowed(backend.host, settings.allowed_hosts):
        raise _Unfit("the host is not among the configuration's upstream.allowed_hosts")
    return Probe(
        backend,
        tenant["allow_private_upstream"],
        settings.resolve,
        tls,
        _credential(here, tenant),
        make_question(tenant["upstream_format"], model),
        connect_s=min(settings.connect_s, CONNECT_S),
        answer_s=min(settings.first_byte_s + settings.idle_s, settings.total_s, TOTAL_S),
        total_s=TOTAL_S,
    )


def _credential(here: Control, tenant: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    header, sealed = tenant["upstream_auth_header"], tenant["upstream_auth_sealed"]
    if header is None:
        return None
    try:
        value = unseal(here.secrets.master_keys, sealed, b"tenant:%d:upstream_auth" % tenant["id"])
    except SealBroken:
        raise _Unfit("the credential does not open with this gateway's master key: give it again") from None
    return header.encode(), value.encode()
