"""A small admin API over real HTTP, and the command line pointed at it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from gatewayctl.main import cli

TOKEN = "mga_test_token"
KEY = "mg_" + "K" * 36
AT = "2026-01-02T03:04:05.678901+00:00"


def tenant(id: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "backend_url": "https://api.example.com",
        "rate_limit_per_hour": 1000,
        "status": "active",
        "key_prefixes": ["mg_KKKKKK"],
        "blocked_until": None,
        "block_reason": None,
        "allowed_models": None,
        "default_model": None,
        "model_aliases": None,
        "upstream_format": "openai",
        "allow_private_upstream": False,
        "upstream_auth": None,
        "cache": {"mode": None, "ttl_s": None, "max_bytes": None, "max_temperature": 1.0},
        "tags": [],
        "created_at": AT,
        "updated_at": AT,
        **more,
    }


def key(id: int, name: str) -> dict[str, Any]:
    limits = {"rate_limit_per_hour": 5}
    return {
        "id": id,
        "name": name,
        "prefix": "mg_KKKKKK",
        "scopes": ["any"],
        "limits": limits,
        "allowed_models": None,
        "expires_at": None,
        "last_used_at": AT,
        "created_at": AT,
    }


def analytics(requests: int) -> dict[str, Any]:
    hour = {"errors": 0, "success_rate": 100.0, "cache_hit_rate": 0.0, "avg_response_time_ms": 1.0}
    spent = {"prompt_tokens": 7, "completion_tokens": 8}
    tokens = {"total": 1500, "prompt": 1000, "cached_prompt": 10, "cache_write": 0, "completion": 500, "reasoning": 5}
    return {
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-31T00:00:00Z",
        "total_requests": requests,
        "avg_response_time_ms": 40.0 if requests else 0.0,
        "p50_response_time_ms": 12.3 if requests else 0.0,
        "p95_response_time_ms": 250.4 if requests else 0.0,
        "p99_response_time_ms": 12_000.0 if requests else 0.0,
        "success_rate": 99.5 if requests else 0.0,
        "cache_hit_rate": 25.0 if requests else 0.0,
        "tokens": tokens if requests else dict.fromkeys(tokens, 0),
        "cost": None,
        "cost_saved": None,
        "top_endpoints": [
            {"endpoint": "/v1/chat/completions", "requests": requests, "errors": 1, "avg_response_time_ms": 40.0}
        ],
        "top_models": [{"model": "gpt-4o-mini", "requests": requests, **spent}],
        "by_hour": [
            {"hour": "2026-01-02T03:00:00Z", "requests": 1, **hour, **spent},
            {"hour": "2026-01-02T06:00:00Z", "requests": 7, **hour, **spent},
        ],
    }


@dataclass
class FakeAdmin:
    """Answers as the admin API does. `asked` holds what came: (method, path, query, body)."""

    tenants: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    refuses_with: tuple[int, Any] | None = None
    listed: list[dict[str, Any]] | None = None  # what the list shows, where that differs
    status: str = "ok"
    checks: dict[str, Any] = field(default_factory=dict)
    page: int = 2
    upstream_fails: bool = False
    clock_ahead_s: float = 0.0
    shipper: dict[str, int] = field(default_factory=lambda: {"lag_rows": 0, "dead_lettered": 0})
    url: str = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        parts = path.strip("/").split("/")
        if path in ("/health", "/admin/health"):
            return 200, {"status": self.status, "version": "9.9", "checks": self.checks, "shipper": self.shipper}, {}
        if path == "/admin/tenants" and method == "GET":
            return self._page(query)
        if path == "/admin/tenants":
            return 201, {**tenant(7, "new"), **_shown(body), "api_key": KEY, "warnings": ["It does not resolve."]}, {}
        found = next((one for one in self.tenants if str(one["id"]) == parts[2]), None)
        if found is None:
            return 404, _error("There is no such tenant."), {}
        match method, parts[3:]:
            case "GET", []:
                return 200, found, {}
            case "PATCH", []:
                return 200, {**found, **_shown(body), "warnings": None}, {}
            case "DELETE", []:
                return 204, None, {}
            case "POST", ["rotate-key"]:
                return 200, {"api_key": KEY, "expires_old_at": AT}, {}
            case "POST", ["block"]:
                return 200, {**found, "status": "blocked", "blocked_until": AT if "seconds" in body else None}, {}
            case "POST", ["unblock"]:
                return 200, found, {}
            case "POST", ["test-upstream"]:
                return 200, self._tested(), {}
            case "GET", ["analytics"]:
                return 200, analytics(0 if found["name"] == "idle" else 1234), {}
            case "GET", ["keys"]:
                start = int(query.get("cursor", 0))
                following = str(start + self.page) if start + self.page < len(self.keys) else None
                return 200, {"data": self.keys[start : start + self.page], "next_cursor": following}, {}
            case "POST", ["keys"]:
                return 201, {**key(31, "key"), **body, "api_key": KEY}, {}
            case _, ["keys", id] if any(str(one["id"]) == id for one in self.keys):
                one = next(one for one in self.keys if str(one["id"]) == id)
                return (204, None, {}) if method == "DELETE" else (200, one, {})
        return 404, _error("There is nothing at this path."), {}

    def _tested(self) -> dict[str, Any]:
        state, detail = ("failed", "refused with 401") if self.upstream_fails else ("ok", "accepted")
        steps = [
            ("dns", "ok", "93.184.215.14", 12.3),
            ("tls", "skipped", "", None),
            ("credential", state, detail, 80.0),
        ]
        told = [dict(zip(("name", "state", "detail", "ms"), step, strict=True)) for step in steps]
        return {"ok": not self.upstream_fails, "upstream": "https://api.example.com", "model": "gpt-x", "steps": told}

    def _page(self, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        start = int(query.get("cursor", 0))
        tenants = self.tenants if self.listed is None else self.listed
        more = start + self.page < len(tenants)
        link = {"Link": f'</admin/tenants?limit=2&cursor={start + self.page}>; rel="next"'} if more else {}
        return 200, tenants[start : start + self.page], link


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    """What the API would show of these fields: of a credential only that it is there."""
    auth = body.get("upstream_auth")
    return {**body, "upstream_auth": {"header": auth["header"], "set": True} if auth else None}


def _error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": "x", **more}}


@pytest.fixture
def admin() -> Iterator[FakeAdmin]:
    fake = FakeAdmin([tenant(1, "acme"), tenant(2, "idle"), tenant(3, "zoo"), tenant(4, "77")])
    fake.checks = {
        "database": "ok",
        "redis": "ok",
        "control": "ok",
        "matcher": "ok",
        "workers": {"wanted": 2, "ready": 2},
    }
    fake.keys = [key(11, "laptop"), key(12, "ci"), key(13, "old")]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: Any) -> None:
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + fake.clock_ahead_s, usegmt=True)

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            fake.asked.append((self.command, parts.path, query, body))
            headers: dict[str, str] = {}
            if parts.path != "/health" and self.headers.get("authorization") != f"Bearer {TOKEN}":
                status, answer = 401, _error("A valid admin token is needed.")
            elif fake.refuses_with:
                status, answer = fake.refuses_with
            else:
                status, answer, headers = fake.answer(self.command, parts.path, query, body)
            data = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_DELETE = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


Run = Callable[..., Result]


@pytest.fixture
def run(admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gatewayctl ARGUMENTS` against the fake, without a terminal."""
    for name in ("MITMGATE_DATA_DIR", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MITMGATE_URL", admin.url)
    monkeypatch.setenv("MITMGATE_ADMIN_TOKEN", TOKEN)
    return lambda *arguments, **more: CliRunner().invoke(cli, arguments, prog_name="gatewayctl", **more)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
