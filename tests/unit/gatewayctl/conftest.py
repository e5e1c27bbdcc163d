"""A small admin API over real HTTP, and the command line pointed at it."""

from __future__ import annotations

import json
import signal
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
        "cache": {
            "mode": None,
            "ttl_s": None,
            "max_bytes": None,
            "max_temperature": 1.0,
            "threshold": None,
            "max_wrong": None,
            "audit_share": None,
        },
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
        "status": "active",
        "scopes": ["any"],
        "limits": limits,
        "allowed_models": None,
        "expires_at": None,
        "replaced_at": None,
        "last_used_at": AT,
        "created_at": AT,
        "blocked_until": None,
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


def entry() -> dict[str, Any]:
    return {
        "id": "1." + "A" * 43,
        "tenant_id": 1,
        "namespace": "default",
        "model": "m",
        "question": "What is 2+2?",
        "content_type": "application/json",
        "bytes": 1024,
        "hits": 7,
        "stored_at": AT,
        "expires_at": AT,
        "last_used_at": AT,
    }


def cache_stats(of_one: bool) -> dict[str, Any]:
    top = {"question": "What is 2+2?", "hits": 3, "entry": entry()["id"], "tenant_id": 1}
    return {
        "total_cached": 2,
        "total_hits": 3,
        "avg_hits_per_entry": 1.5,
        "top_cached_queries": [top],
        "hits_by_kind": {"exact": 2, "semantic": 1},
        "misses": 1,
        "hit_rate": 75.0,
        "bytes": 2048,
        "max_bytes": 256 << 20 if of_one else None,
        "matcher": None if of_one else {"scopes": 1},
    }


def cache_analytics() -> dict[str, Any]:
    def outcome(requests: int, ms: float) -> dict[str, Any]:
        return {"requests": requests, "avg_response_time_ms": ms, "prompt_tokens": 70, "completion_tokens": 80}

    bins = [{"from": n / 20, "to": (n + 1) / 20, "hits": 0, "near_misses": 0, "would_be_hits": 0} for n in range(20)]
    bins[19] |= {"hits": 40}
    bins[14] |= {"near_misses": 10}
    return {
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-31T00:00:00Z",
        "exact": outcome(60, 1.5),
        "semantic": outcome(40, 25.0),
        "misses": outcome(100, 900.0),
        "would_be_hits": outcome(0, 0.0),
        "hit_rate": 50.0,
        "saved": {"prompt_tokens": 1400, "completion_tokens": 1600, "time_ms": 88_910.0},
        "probabilities": bins,
    }


def cache_tuned(max_wrong: float, found: dict[str, Any]) -> dict[str, Any]:
    """found: what differs from a suggestion to serve."""
    rows = [(0.88, 900, 60, 0.08, 0.05, 0.12), (0.9, 700, 10, 0.002, 0.0, 0.004), (0.91, 0, 0, None, 0.0, 1.0)]
    names = ("bar", "compared", "disagreeing", "wrong", "low", "high")
    suggestion = {"action": "serve", "sure": True, "bar": 0.9, "max_wrong": 0.0045, "more": None, "least_budget": None}
    return {
        "tenant_id": 1,
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-31T00:00:00Z",
        "mode": "shadow",
        "most": "semantic",
        "budget": max_wrong,
        "bar": 0.88,
        "comparison": {
            "sensitivity": 0.5,
            "sensitivity_trials": 73,
            "specificity": 0.96,
            "specificity_trials": 62,
            "is_bound": False,
        },
        "by_kind": {"shadow": {"compared": 900, "disagreeing": 60}, "audit": {"compared": 0, "disagreeing": 0}},
        "by_bar": [dict(zip(names, row, strict=True)) for row in rows],
        "reasons": [{"reason": "number", "comparisons": 40}],
        "disagreeing": [
            {"request_id": "01a2", "at": AT, "kind": "shadow", "probability": 0.98, "reasons": ["number", "list"]}
        ],
        "suggestion": {**suggestion, **found},
    }


def near_miss(question: str | None) -> dict[str, Any]:
    place = {"request_id": "01a2107b-9134", "at": AT, "tenant_id": 1, "model": "m", "entry": entry()["id"]}
    return {**place, "probability": 0.71, "similarity": 0.9, "detail": "not sure: 0.71", "question": question}


def explained_text() -> dict[str, Any]:
    judged = {"similarity": 0.887, "probability": 0.71, "accept": False, "reasons": ["not sure: 0.71", "one more"]}
    judged |= {"vetoes": [], "doubts": ["one more"], "log_odds": 0.9, "bar": 0.85}
    place = {"entry": entry()["id"], "question": "Who wrote it?", "namespace": "default", "model": "m"}
    near = [{**judged, **place, "expires_at": AT, "scope": scope * 16} for scope in "ab"]
    looked_at = {"scopes": 2, "entries": 1234, "whole": False}
    return {"kept_out": None, "max_wrong": 0.005, "threshold": None, **looked_at, "nearest": near}


def explained_request() -> dict[str, Any]:
    other = {"differs": ["system", "sampling"], "stored": 3, "request_id": "01a2", "at": AT, "entry": entry()["id"]}
    return {
        "request_id": "01a2107b-9134-70c1-863a-e8886ce96f03",
        "tenant_id": 1,
        "at": AT,
        "cache": "miss",
        "kind": None,
        "detail": "scope empty",
        "similarity": None,
        "probability": None,
        "entry": None,
        "is_there": None,
        "scope": "c" * 16,
        "in_scope": 0,
        "others": [{**other, "is_there": True}],
        "rows": 3,
    }


def request_row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "request_id": f"01a2107b-9134-70c{number:x}-863a-e8886ce96f03",
        "at": AT,
        "tenant_id": 1,
        "tenant_name": "acme",
        "key_id": 11,
        "client_address": "192.0.2.7",
        "method": "POST",
        "endpoint": "/v1/chat/completions",
        "streamed": False,
        "status": 200,
        "cache": "miss",
        "cache_kind": None,
        "similarity": None,
        "model": "gpt-4o-mini",
        "upstream": "api.example.com",
        "attempts": 1,
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "cost_microusd": None,
        "latency_ms": 123.4,
        "error": None,
        "client_request_id": None,
        "upstream_request_id": None,
        "usage_estimated": False,
        **more,
    }


def story(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        **row,
        "key_name": "laptop",
        "key_prefix": "mg_KKKKKK",
        "client_format": "openai",
        "cached_prompt_tokens": 4,
        "cache_write_tokens": None,
        "reasoning_tokens": 0,
        "auth_ms": 0.5,
        "limit_ms": 0.8,
        "cache_ms": None,
        "first_byte_ms": 110.0,
        "request_bytes": 100,
        "response_bytes": 2000,
        "cache_detail": None,
        "cache_nearest": None,
        "cache_entry": None,
        "cache_stored_by": None,
        "cache_age_s": None,
        "vendor_error_code": None,
        "vendor_error_message": None,
        "attempts_detail": [],
        **more,
    }


def live(number: int) -> dict[str, Any]:
    return {
        "seconds": 2.0,
        "requests": 10 * number,
        "p50_response_time_ms": 12.0,
        "p95_response_time_ms": 250.0,
        "statuses": {"200": 9 * number, "429": number},
        "outcomes": {"exact": 3, "semantic": 1, "miss": 4, "none": 2},
        "prompt_tokens": 1000,
        "completion_tokens": 500,
        "top_tenants": [{"id": 1, "name": "acme", "requests": 10 * number, "errors": number, "hits": 4}],
        "next_cursor": f"live{number}",
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
    suggestion: dict[str, Any] = field(default_factory=dict)
    tuned_mode: str = "shadow"
    page: int = 2
    has_several: bool = False  # keys of the tenant, for rotate-key
    rows: list[dict[str, Any]] = field(default_factory=list)  # the oldest first
    stories: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What is answered to followers, one after the other; a number is a status. Behind the last they are interrupted.
    arriving: list[Any] = field(default_factory=list)
    upstream_fails: bool = False
    clock_ahead_s: float = 0.0
    shipper: dict[str, int] = field(default_factory=lambda: {"lag_rows": 0, "dead_lettered": 0})
    url: str = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        parts = path.strip("/").split("/")
        if path in ("/health", "/admin/health"):
            return 200, {"status": self.status, "version": "9.9", "checks": self.checks, "shipper": self.shipper}, {}
        if parts[1] == "cache":
            return self._cache(method, parts[2:], query, body)
        if path == "/admin/tenants" and method == "GET":
            return self._page(query)
        if path == "/admin/tenants":
            return 201, {**tenant(7, "new"), **_shown(body), "api_key": KEY, "warnings": ["It does not resolve."]}, {}
        if path == "/admin/keys":
            of = {"tenant_id": 1, "tenant_name": "acme", "tenant_deleted": False}
            found = [{**each, **of} for each in self.keys if each["prefix"].startswith(query["prefix"])]
            return 200, {"data": found}, {}
        if path == "/admin/tokens":
            token = {"id": 3, "name": "ops", "role": "viewer", "prefix": "mga_KKKKK", "created_at": AT}
            if method == "POST":
                return 201, {**token, **body, "token": "mga_" + "K" * 36}, {}
            return 200, {"data": [token], "next_cursor": None}, {}
        if path.startswith("/admin/tokens/"):
            return 204, None, {}
        if path == "/admin/secrets/rotate-master":
            return 200, {"sealed": 1, "total": 2, "master_key": "k1"}, {}
        if path == "/admin/usage":
            ids = {name: query[name] for name in ("client_request_id", "upstream_request_id") if name in query}
            return self._rows([row for row in self.rows if all(row[name] == ids[name] for name in ids)], query)
        if path.startswith("/admin/usage/"):
            told = self.stories.get(parts[2])
            return (404, _error("There is no such request."), {}) if told is None else (200, told, {})
        if path in ("/admin/arrivals", "/admin/live"):
            return self._arrives(path, query)
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
            case "POST", ["rotate-key"] if body.get("all"):
                return 200, {"expires_old_at": AT, "keys": [_rotated(each) for each in self.keys]}, {}
            case "POST", ["rotate-key"] if self.has_several:
                return 409, _error("The tenant has 3 keys.", code="several_keys"), {}
            case "POST", ["rotate-key"]:
                return 200, {"api_key": KEY, "expires_old_at": AT}, {}
            case "POST", ["keys", id, "rotate"]:
                return 200, _rotated(key(int(id), "laptop")), {}
            case "POST", ["purge"]:
                return 200, {"removed": {"answers": 2}, "left": {"answers": 0}, "file_rewritten": True}, {}
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

    def _cache(
        self, method: str, parts: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        match method, parts:
            case "GET", ["stats"]:
                return 200, cache_stats(of_one="tenant_id" in query), {}
            case "GET", ["analytics"]:
                return 200, cache_analytics(), {}
            case "GET", ["top"]:
                return 200, {"data": cache_stats(of_one=True)["top_cached_queries"]}, {}
            case "GET", ["tune"]:
                found = cache_tuned(float(query.get("max_wrong", 0.005)), self.suggestion)
                return 200, {**found, "mode": self.tuned_mode}, {}
            case "GET", ["near-misses"]:
                return 200, {"data": [near_miss(entry()["question"]), near_miss(None)]}, {}
            case "POST", ["judge"]:
                verdict = {"similarity": 0.887, "probability": None, "accept": False, "reasons": ["number 3 vs 2"]}
                verdict |= {"vetoes": ["number 3 vs 2"], "doubts": ["order"], "log_odds": None, "bar": 0.85}
                return 200, {"data": [verdict for _ in body["pairs"]]}, {}
            case "POST", ["feedback"]:
                return self._feedback(body)
            case "POST", ["explain"]:
                return 200, explained_text(), {}
            case "GET", ["explain", id] if id in ("01a2107b", "%2e"):
                return 200, explained_request(), {}
            case "GET", ["entries"]:
                start = int(query.get("cursor", 0))
                end = min(start + min(self.page, int(query["limit"])), 3)
                return 200, {"data": [entry()] * (end - start), "next_cursor": str(end) if end < 3 else None}, {}
            case "DELETE", ["entries"]:
                return 200, {"evicted": 1234}, {}
            case _, ["entries", id] if id == entry()["id"]:
                return (204, None, {}) if method == "DELETE" else (200, {**entry(), "body": '{"a": 4}'}, {})
        return 404, _error("There is no such entry."), {}

    def _feedback(self, body: Any) -> tuple[int, Any, dict[str, str]]:
        told = {"tenant_id": 1, "request_id": body.get("request_id"), "entry": entry()["id"], "evicted": False}
        if body["correct"]:
            return 200, {**told, "pair": "allowed"}, {}
        if body.get("entry") == "1.B":
            return 404, _error("There is no such entry, or it has expired."), {}
        return 200, {**told, "evicted": True, "pair": None if "entry" in body else "forbidden"}, {}

    def _rows(self, rows: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 100))
        newest = rows[::-1]
        following = str(start + limit) if start + limit < len(newest) else None
        return 200, {"data": newest[start : start + limit], "next_cursor": following}, {}

    def _arrives(self, path: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if "after" not in query:
            return 200, live(0) if path == "/admin/live" else {"data": [], "next_cursor": "0"}, {}
        if not self.arriving:
            signal.raise_signal(signal.SIGINT)
            return 200, {"data": [], "next_cursor": query["after"]}, {}
        arrived = self.arriving.pop(0)
        if isinstance(arrived, int):
            return arrived, _error("Not now."), {}
        if path == "/admin/live":
            return 200, arrived, {}
        return 200, {"data": arrived, "next_cursor": str(int(query["after"]) + 1)}, {}

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


def _rotated(old: dict[str, Any]) -> dict[str, Any]:
    return {**old, "id": old["id"] + 100, "api_key": KEY, "replaces": old["id"], "expires_old_at": AT}


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
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that went away is no news
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
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between two looks are no part of what is tested."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
