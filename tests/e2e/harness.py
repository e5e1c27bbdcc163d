"""What the end-to-end tests drive: a served gateway with tenants, and the ways to look at it from outside."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.e2e.served import ADMIN_TOKEN, Served, children, command_line, wait_until

__all__ = ["ADMIN_TOKEN", "Gateway", "Tenant", "bearer", "both_formats", "error_of", "in_parallel", "wait_until"]

UNLIMITED = 1_000_000
TIMEOUT_S = 60.0
_strangers = itertools.count(2)


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


class Gateway(Served):
    """A served gateway whose requests can be told apart by tenant. trust: makes a client's context for its listener."""

    def __init__(
        self, data_dir: Path, *flags: str, trust: Callable[[], ssl.SSLContext] | None = None, **more: Any
    ) -> None:
        super().__init__(data_dir, *flags, **more)
        self._trust = trust
        if trust is not None:
            self.url = self.url.replace("http:", "https:")
        self._names = itertools.count(1)
        self.client = self.new_client()

    @property
    def tls(self) -> ssl.SSLContext | None:
        """A context of its own for each: clients write their protocols into it."""
        return None if self._trust is None else self._trust()

    def new_client(self, address: str | None = None, http2: bool = False, **more: Any) -> httpx.Client:
        """A client with connections of its own, from that loopback address if one is given."""
        transport = httpx.HTTPTransport(
            verify=self.tls or False,
            local_address=address,
            http1=not http2,
            http2=http2,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )
        return httpx.Client(base_url=self.url, transport=transport, timeout=TIMEOUT_S, trust_env=False, **more)

    def get(self, path: str) -> int:
        try:
            with self.new_client() as client:
                return client.get(path).status_code
        except httpx.TransportError:
            return 0

    def health(self) -> dict[str, Any]:
        with self.new_client() as client:
            answer = client.get("/health")
        assert answer.status_code == 200
        parsed: dict[str, Any] = answer.json()
        return parsed

    def healthy(self) -> bool:
        try:
            return bool(self.health()["status"] == "ok")
        except (httpx.TransportError, ValueError, AssertionError):
            return False

    def admin(self, method: str, path: str, body: object = None) -> httpx.Response:
        with self.new_client() as client:
            return client.request(method, path, json=body, headers=bearer(ADMIN_TOKEN))

    def tenant(self, backend_url: str, **fields: Any) -> Tenant:
        """A new tenant with a private upstream and, unless told otherwise, no limit that a test could meet."""
        name = f"tenant {next(self._names)}"
        usual = {"name": name, "rate_limit_per_hour": UNLIMITED, "allow_private_upstream": True}
        answer = self.admin("POST", "/admin/tenants", {**usual, "backend_url": backend_url, **fields})
        assert answer.status_code == 201, answer.text
        return Tenant(self, answer.json()["id"], answer.json()["api_key"])

    def ask_raw(self, request: bytes, address: str | None = None) -> bytes:
        """What comes back for these bytes until the gateway closes or is silent."""
        with self.connect(address) as connection:
            connection.sendall(request)
            connection.settimeout(10)
            reply = b""
            try:
                while data := connection.recv(65536):
                    reply += data
                    connection.settimeout(1)
            except (TimeoutError, ConnectionError):
                pass
            return reply

    def connect(self, address: str | None = None, protocol: str | None = None) -> socket.socket:
        source = (address, 0) if address else None
        connection = socket.create_connection(("127.0.0.1", self.port), 10, source_address=source)
        tls = self.tls
        if tls is None:
            return connection
        if protocol is not None:
            tls.set_alpn_protocols([protocol])
        return tls.wrap_socket(connection, server_hostname="127.0.0.1")

    def execute(self, statement: str) -> list[dict[str, Any]]:
        """What no call of the admin API does, by the database's own door. -> the rows, if any."""
        runtime = json.loads((self.data_dir / "run" / "settings.json").read_bytes())["runtime"]

        async def execute() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(runtime["database_dsn"])
            try:
                return list(map(dict, await connection.fetch(statement)))
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as pool:  # the main thread's event loop belongs to pytest-asyncio
            return pool.submit(asyncio.run, execute()).result()

    # ---- its processes

    def pids(self, words: str) -> list[int]:
        """Direct children whose command line has these words."""
        return [pid for pid in children(self.process.pid) if words in command_line(pid)]

    def workers(self) -> list[int]:
        return self.pids("--worker ")

    def kill(self, words: str) -> None:
        """kill -9, and waits until the process is another one."""
        pid = self.child(words)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in self.pids(words), self.output)

    def wait_healthy(self) -> None:
        wait_until(self.healthy, self.output)

    def memory_bytes(self) -> dict[int, int]:
        """What each worker, control and the matcher have in memory, by pid."""
        pids = [*self.workers(), self.child("mitmgate.control"), self.child("mitmgate.matcher")]
        page = os.sysconf("SC_PAGE_SIZE")
        return {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids}

    def open_files(self) -> dict[int, int]:
        """How many descriptors each worker holds."""
        return {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in self.workers()}


@dataclass
class Tenant:
    """A tenant with one key."""

    gateway: Gateway
    id: int
    key: str

    def chat(self, text: str = "hello", headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **fields}
        return self.post("/v1/chat/completions", json=body, headers=headers)

    def message(self, text: str = "hello", headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}], **fields}
        return self.post("/v1/messages", json=body, headers=headers)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**bearer(self.key), **(more.pop("headers", None) or {})}
        return self.gateway.client.request(method, path, headers=headers, **more)

    def admin(self, method: str, path: str = "", body: object = None) -> httpx.Response:
        return self.gateway.admin(method, f"/admin/tenants/{self.id}{path}", body)

    def new_key(self, **fields: Any) -> dict[str, Any]:
        answer = self.admin("POST", "/keys", fields)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def statuses(self, credential: str, times: int = 24) -> set[int]:
        """What a credential gets on as many fresh connections, from an address of its own: on every worker."""

        def ask(_: int) -> int:
            with self.gateway.new_client(address=stranger()) as client:
                return client.get("/v1/models", headers=bearer(credential)).status_code

        return set(in_parallel(ask, range(times), threads=8))

    # ---- its rows

    def rows(self) -> list[dict[str, Any]]:
        """All rows, oldest first."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.admin("GET", f"/usage?limit=1000{cursor}")
            assert answer.status_code == 200, answer.text
            page = answer.json()
            rows += page["data"]
            if page["next_cursor"] is None:
                return rows[::-1]
            cursor = f"&cursor={page['next_cursor']}"

    def wait_rows(self, count: int) -> list[dict[str, Any]]:
        """Waits until there are so many, then for a moment in which no other may come."""
        wait_until(lambda: len(self.rows()) >= count, lambda: f"{len(self.rows())} rows, not {count}")
        time.sleep(0.4)  # twice the shipper's turn: what would come without being due is here, too
        rows = self.rows()
        assert len(rows) == count, rows
        return rows

    def only_row(self) -> dict[str, Any]:
        """All that is kept of the tenant's only request."""
        row = self.wait_rows(1)[0]
        full: dict[str, Any] = self.gateway.admin("GET", f"/admin/usage/{row['request_id']}").json()
        return full

    def analytics(self) -> dict[str, Any]:
        answer = self.admin("GET", "/analytics")
        assert answer.status_code == 200, answer.text
        parsed: dict[str, Any] = answer.json()
        return parsed


def stranger() -> str:
    """A loopback address that nobody else has asked from: failed authentications are counted by address."""
    number = next(_strangers)
    return f"127.{1 + number // 62500 % 250}.{number // 250 % 250}.{1 + number % 250}"


def in_parallel[A, B](work: Callable[[A], B], over: Any, threads: int = 32) -> list[B]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, over))


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """The error object, whichever of the two formats it came in; nothing else may stand in the body."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    if body.get("type") == "error":
        assert set(body) <= {"type", "error", "request_id"} and set(body["error"]) == {"type", "message"}
    else:
        assert set(body) == {"error"} and set(body["error"]) == {"message", "type", "param", "code"}
    error: dict[str, Any] = body["error"]
    assert error["message"]
    return error


def both_formats(tenant: Tenant, headers: dict[str, str] | None = None) -> list[httpx.Response]:
    """The same question asked in OpenAI's and in Anthropic's format."""
    return [tenant.chat(headers=headers), tenant.message(headers=headers)]
