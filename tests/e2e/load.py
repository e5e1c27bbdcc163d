"""Mixed requests without a pause, and the count of their rows."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.e2e.harness import Tenant, bearer, wait_until

CHAT = "/v1/chat/completions"


class Load:
    """Asks without a pause on several threads; `answered` holds the X-Request-Id of every answer that came whole.

    Leaving the context ends it: threads that asked on would keep the run from ending.
    """

    def __init__(self, tenant: Tenant, threads: int = 6) -> None:
        self.tenant = tenant
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(threads)
        self._lock = threading.Lock()
        self.answered: list[tuple[str, int]] = []
        self.cut = 0
        self._work = [self._pool.submit(self._ask, number) for number in range(threads)]

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()

    def _ask(self, thread: int) -> None:
        number = 0
        client = self.tenant.gateway.new_client()
        while not self._stop.is_set():
            number += 1
            body = {
                "model": "m",
                "stream": number % 3 == 0,
                "messages": [{"role": "user", "content": f"{number % 50}"}],
            }
            try:
                answer = client.post(CHAT, json=body, headers=bearer(self.tenant.key))
            except httpx.TransportError:
                client.close()
                client = self.tenant.gateway.new_client()
                with self._lock:
                    self.cut += 1
                continue
            with self._lock:
                self.answered.append((answer.headers["x-request-id"], answer.status_code))
        client.close()

    def wait_for(self, more: int) -> None:
        wanted = len(self.answered) + more
        wait_until(lambda: len(self.answered) >= wanted, lambda: f"{len(self.answered)} answered, {self.cut} cut")

    def end(self) -> None:
        self._stop.set()
        self._pool.shutdown()
        for work in self._work:
            work.result()


def check_rows(load: Load) -> None:
    """Every answered request has exactly its row, and no row stands for less than a request that was cut."""
    tenant, answered = load.tenant, dict(load.answered)
    assert len(answered) == len(load.answered)
    wait_until(lambda: answered.keys() <= {row["request_id"] for row in tenant.rows()}, lambda: "rows are missing")
    rows = tenant.rows()
    counted = Counter(row["request_id"] for row in rows)
    assert set(counted.values()) == {1}
    statuses = {row["request_id"]: row["status"] for row in rows}
    assert {name: statuses[name] for name in answered} == answered
    assert len(rows) <= len(answered) + load.cut
    assert tenant.analytics()["total_requests"] == len(rows)
