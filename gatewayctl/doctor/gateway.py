"""The gateway itself: its ports, whether it answers, what it says of its health, whether it takes our token."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from gatewayctl.client import AdminClient, Refused, ServerAway
from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding
from gatewayctl.text import cell

_DEMO_PORT: Final = 9000
_MEANINGS: Final = {
    "database": (
        "PostgreSQL is away: known tenants go on, changes to tenants fail, usage rows wait in the journal",
        "Look into DATA_DIR/postgres/server.log, or at the server that database.url names.",
    ),
    "redis": (
        "Valkey or Redis is away: nothing comes from the cache, and limits hold by limits.on_store_failure",
        "Look into DATA_DIR/valkey/server.log, or at the server that redis.url names.",
    ),
    "control": (
        "control is away: traffic goes on, the admin API does not",
        "It is started again by itself; if it stays away, read the gateway's log.",
    ),
    "matcher": (
        "the matcher is away: only requests that are the very same come from the cache",
        "It is started again by itself; if it stays away, read the gateway's log.",
    ),
}


def gateway(client: AdminClient, url_was_named: bool) -> list[Finding]:
    """What is found at the client's URL. A gateway that nobody named may just not run now: a warning."""
    try:
        health = client.get("/health")
    except ServerAway as away:
        state = WRONG if url_was_named else WARNING
        return [
            Finding("gateway", state, away.message, "Start it with ./run.sh, or name it: --url."),
            *_own_ports(client),
        ]
    except Refused as refused:
        return [Finding("gateway", WRONG, refused.message, "Another server seems to have that port; name ours: --url.")]
    if not isinstance(health, dict) or "checks" not in health:
        return [
            Finding("gateway", WRONG, f"{client.url} answers, but not as mitmgate does", "Name the gateway: --url.")
        ]
    version, status = cell(health.get("version")), cell(health.get("status"))
    return [
        Finding("gateway", OK if status == "ok" else WARNING, f"{client.url} is {status}, version {version}"),
        *_health(health["checks"]),
        _token(client),
    ]


def _health(checks: dict[str, Any]) -> list[Finding]:
    found = []
    for name, state in checks.items():
        if name == "workers":
            found.append(_workers(state))
        elif state == "ok":
            found.append(Finding(cell(name), OK, "ok"))
        else:
            meaning, remedy = _MEANINGS.get(name, (f"{cell(name)} is {cell(state)}", "Read the gateway's log."))
            found.append(Finding(cell(name), WRONG, meaning, remedy))
    return found


def _workers(state: Any) -> Finding:
    wanted, ready = (state.get("wanted"), state.get("ready")) if isinstance(state, dict) else (None, None)
    if isinstance(wanted, int) and isinstance(ready, int) and 0 < wanted <= ready:
        return Finding("workers", OK, f"{ready} of {wanted} ready")
    remedy = "Those that ended are started again; if that goes on, read why in the gateway's log."
    return Finding("workers", WRONG, f"{cell(ready)} of {cell(wanted)} ready", remedy)


def _token(client: AdminClient) -> Finding:
    try:
        client.get("/admin/health")
    except Refused as refused:
        remedy = "Set MITMGATE_ADMIN_TOKEN, or name the gateway's --data-dir."
        return Finding("admin token", WRONG, refused.message, remedy if refused.status in (401, 403) else "")
    except ServerAway as away:
        return Finding("admin token", WRONG, away.message)
    return Finding("admin token", OK, "accepted")


def _own_ports(client: AdminClient) -> list[Finding]:
    """Whether a gateway could start here: only asked when none runs."""
    from mitmgate.supervisor.listeners import holder_of, is_free

    parts = urlsplit(client.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return []
    remedy = "End that process, or start with another --port."
    found = [Finding(f"port {port}", OK, "free") if is_free(port) else _held(port, WRONG, holder_of(port), remedy)]
    if not is_free(_DEMO_PORT):
        found.append(_held(_DEMO_PORT, WARNING, holder_of(_DEMO_PORT), "The demo's mock LLM takes another port then."))
    return found


def _held(port: int, state: str, by: str, remedy: str) -> Finding:
    return Finding(
        f"port {port}", state, f"cannot be listened on: held{cell(by)}" if by else "cannot be listened on", remedy
    )
