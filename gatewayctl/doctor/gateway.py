"""The gateway itself: its ports, whether it answers, its health, clock and accounting, whether it takes our token."""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gatewayctl.client import AdminClient, Refused, ServerAway, port_of
from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding
from gatewayctl.doctor.stores import skew
from gatewayctl.running import data_dir_of
from gatewayctl.text import cell
from gatewayctl.trust import NotTrusted

_DEFAULT_PORT: Final = 8080
_DEMO_PORT: Final = 9000
_BEHIND_ROWS: Final = 1000
_HERE: Final = ("127.0.0.1", "localhost", "::1")
_MEANINGS: Final = {
    "database": (
        "PostgreSQL is away: known tenants go on, changes to tenants fail, usage rows wait in the journal",
        "Look into DATA_DIR/postgres/server.log, or at the server that database.url names.",
    ),
    "redis": (
        "Valkey or Redis is away: nothing comes from the cache, and limits hold by limits.on_store_failure",
        "Look into DATA_DIR/valkey/server.log, or at the server that redis.url names.",
    ),
    "journal": (
        "the journal cannot be written: usage rows wait in memory, and those beyond 10,000 a worker are lost",
        "Make room on the disk of the data directory; the gateway's log says how many wait and were dropped.",
    ),
    "control": (
        "control is away: traffic goes on, the admin API does not",
        "It is started again by itself; if it stays away, read the gateway's log.",
    ),
    "matcher": (
        "the matcher is away: only requests that are the very same come from the cache",
        "It is started again by itself; if it stays away, read the gateway's log.",
    ),
    "cache": (
        "audits show more wrong semantic hits of a tenant than its cache.max_wrong accepts",
        "The gateway's log names the tenant; `gatewayctl cache tune TENANT` suggests a setting.",
    ),
    "classifier": (
        "the classifier's file is missing or another: only requests that are the very same come from the cache",
        "Install this version anew and restart; the gateway's log says which file it is.",
    ),
    "verifier": (
        "the verifier's file is missing or another: only requests that are the very same come from the cache",
        "Install this version anew and restart; the gateway's log says which file it is.",
    ),
}


def gateway(client: AdminClient, url_was_named: bool, listen: tuple[str, int] | None = None) -> list[Finding]:
    """What is found at the client's URL. A gateway that nobody named may just not run now: a warning.

    listen: where the settings would have it listen.
    """
    try:
        health = client.get("/health")
    except NotTrusted as untrusted:
        seen = f"certificate not trusted: {client.url} answers, but of its certificate: {untrusted.why}"
        return [Finding("gateway", WRONG, seen, untrusted.remedy)]
    except ServerAway as away:
        state = WRONG if url_was_named else WARNING
        return [
            Finding("gateway", state, away.message, "Start it with ./run.sh, or name it: --url, or its --data-dir."),
            *_own_ports(client, listen),
        ]
    except Refused as refused:
        return [_stranger(client, refused.message)]
    if not isinstance(health, dict) or "checks" not in health:
        return [_stranger(client, f"{client.url} answers, but not as mitmgate does")]
    version, status = cell(health.get("version")), cell(health.get("status"))
    return [
        Finding("gateway", OK if status == "ok" else WARNING, f"{client.url} is {status}, version {version}"),
        *_health(health["checks"]),
        *_admin(client),
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


def _admin(client: AdminClient) -> list[Finding]:
    """What the admin API tells beyond /health: our token, the accounting's lag, and its clock by the answer's date."""
    try:
        told = client.get("/admin/health")
    except Refused as refused:
        remedy = "Set MITMGATE_ADMIN_TOKEN, or name the gateway's --data-dir."
        return [Finding("admin token", WRONG, refused.message, remedy if refused.status in (401, 403) else "")]
    except (ServerAway, NotTrusted) as away:
        return [Finding("admin token", WRONG, away.message)]
    found = [Finding("admin token", OK, "accepted")]
    if client.server_date is not None:
        with suppress(ValueError):
            theirs = parsedate_to_datetime(client.server_date).timestamp()  # whole seconds, so half of one on average
            found.append(skew("gateway's clock", theirs + 0.5 - time.time()))
    shipper = told.get("shipper") if isinstance(told, dict) else None
    return [*found, *_accounting(shipper)] if isinstance(shipper, dict) else found


def _accounting(shipper: dict[str, Any]) -> list[Finding]:
    behind, refused = shipper.get("lag_rows"), shipper.get("dead_lettered")
    found = []
    if isinstance(behind, int):
        remedy = "Rows are shipped when PostgreSQL takes them again: tail DATA_DIR/postgres/server.log, df -h DATA_DIR."
        state = WARNING if behind >= _BEHIND_ROWS else OK
        found.append(Finding("accounting", state, f"{behind} rows wait for PostgreSQL", remedy))
    if isinstance(refused, int) and refused:
        seen = f"PostgreSQL refused {refused} rows since the gateway's start"
        found.append(Finding("refused rows", WARNING, seen, "Read the reasons in DATA_DIR/dead-letter/*.jsonl."))
    return found


def _stranger(client: AdminClient, seen: str) -> Finding:
    from mitmgate.supervisor.listeners import holder_of

    parts = urlsplit(client.url)
    here = parts.hostname in _HERE
    by = holder_of(port_of(client.url)) if here else ""
    remedy = "Name the gateway: --url."
    folder = _gateways(by)
    if folder is not None:
        seen += f"; the port is held by the gateway of {cell(str(folder))}"
        remedy = f"Name it: --data-dir {folder}."
    elif by:
        seen += f"; the port is held{cell(by)}"
        remedy = f"End that process (kill {_pid(by)}), or name the gateway: --url."
    return Finding("gateway", WRONG, seen, remedy)


def _own_ports(client: AdminClient, listen: tuple[str, int] | None) -> list[Finding]:
    """Whether a gateway could start here: only asked when none runs."""
    from mitmgate.supervisor.listeners import LOOPBACK, holder_of, is_free

    if urlsplit(client.url).hostname not in _HERE:
        return []
    host, port = (
        listen
        if listen is not None and port_of(client.url) in (_DEFAULT_PORT, listen[1])
        else (LOOPBACK, port_of(client.url))
    )
    found = [Finding(f"port {port}", OK, "free") if is_free(port, host) else _held(port, WRONG, holder_of(port))]
    if not is_free(_DEMO_PORT):
        found.append(_held(_DEMO_PORT, WARNING, holder_of(_DEMO_PORT)))
    return found


def _held(port: int, state: str, by: str) -> Finding:
    seen = (
        f"cannot be listened on: held{cell(by)}" if by else "cannot be listened on, and who holds it is not to be seen"
    )
    if port == _DEMO_PORT:
        return Finding(f"port {port}", state, seen, "The demo's mock LLM takes another port then.")
    folder = _gateways(by)
    if folder is not None:
        seen += f", a process of the gateway of {cell(str(folder))}"
        return Finding(f"port {port}", WARNING, seen, f"If that is the one you mean, name it: --data-dir {folder}.")
    end = f"kill {_pid(by)}" if by else f"find it: ss -ltnp 'sport = :{port}'"
    remedy = (
        f"End that process ({end}), or take another port: gatewayctl serve --port {port + 1 if port < 65535 else 8080}."
    )
    return Finding(f"port {port}", state, seen, remedy)


def _gateways(by: str) -> Path | None:
    """The data directory of the gateway that the holder of a port belongs to; its processes are not to be killed."""
    return data_dir_of(int(_pid(by))) if by else None


def _pid(by: str) -> str:
    return by.rpartition("pid ")[2].rstrip(")")
