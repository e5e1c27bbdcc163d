"""The machine's clock jumps: requests, rows, quotas and keys go on; what would end by the clock ends by it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.clock import Clock
from tests.e2e.harness import Gateway, bearer
from tests.e2e.load import Load, check_rows
from tests.e2e.upstream import Upstream

HOUR_S = 3600
AHEAD = {"five hours ahead": 5 * HOUR_S, "ten hours back": -5 * HOUR_S, "right again": 0}


def test_a_clock_that_jumps_stops_nothing_and_loses_no_row(server_folder: Path, upstream: Upstream) -> None:
    clock = Clock(server_folder)
    with Gateway(server_folder, "--no-demo", workers=2, env=clock.env) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url)
        token = gateway.client.post("/auth/token", json={"api_key": tenant.key}).json()["token"]
        workers = gateway.workers()
        with Load(gateway.tenant(upstream.url)) as load:
            load.wait_for(50)
            for name, ahead_s in AHEAD.items():
                clock.jump(ahead_s)
                load.wait_for(100)
                asked = [tenant.chat(f"How many minutes are {abs(ahead_s) + len(name)} seconds?") for _ in range(3)]
                assert [answer.headers["x-cache-status"] for answer in asked] == ["MISS", "HIT", "HIT"]
                assert all(0 <= int(answer.headers["age"]) < 60 for answer in asked[1:])
                assert 0 < int(asked[0].headers["x-ratelimit-reset-requests"][:-1]) <= HOUR_S
                there_ms = int(asked[0].headers["x-request-id"].replace("-", "")[:12], 16)
                assert abs(there_ms / 1000 - time.time() - ahead_s) < 60
                with_token = tenant.request("GET", "/v1/models", headers=bearer(token)).status_code
                assert with_token == (401 if ahead_s > HOUR_S else 200)
                assert tenant.statuses(tenant.new_key()["api_key"], times=8) == {200}
            load.end()
        clock.jump(5 * HOUR_S)  # or what was asked then would be beyond what is looked at
        check_rows(load)
        assert {status for _, status in load.answered} == {200} and not load.cut
        assert gateway.workers() == workers
        gateway.wait_healthy()


def test_an_answer_that_a_clock_ahead_stored_is_not_served(server_folder: Path, upstream: Upstream) -> None:
    clock = Clock(server_folder)
    with Gateway(server_folder, "--no-demo", env=clock.env) as gateway:
        gateway.wait_ready()
        tenant = gateway.tenant(upstream.url)
        clock.jump(5 * HOUR_S)
        assert [tenant.chat("What is a fjord?").headers["x-cache-status"] for _ in range(2)] == ["MISS", "HIT"]
        clock.jump(0)
        assert [tenant.chat("What is a fjord?").headers["x-cache-status"] for _ in range(2)] == ["MISS", "HIT"]
