"""What does a request cost in CPU: this gateway with all its processes, against stock mitmdump?

    .venv/bin/python bench/bench_request_path.py [--rounds 5] [--seconds 4] [--connections 16] [--workers 1]

README.md beside this file says what is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from load import drive, fresh, question, same
from processes import ROLES, cpu_us, free_port, started, wait_port, wait_until
from static_upstream import ANSWER

BENCH = Path(__file__).resolve().parent
ADMIN_TOKEN = "the admin token of a benchmark"
KNOWN = question("What is the capital of Portugal?")
SETTLE_S = 1.5  # until what a load leaves behind is done: rows shipped, entries written
TARGETS = {"hit": 0.50, "forward": 0.75}


@dataclass
class Case:
    """One server under one kind of load. `us` has the CPU of a request, `by_role` where it went, for each round."""

    server: str
    kind: str
    pid: int
    port: int
    requests: Iterator[bytes]
    wanted: bytes = b""
    us: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)
    by_role: list[dict[str, float]] = field(default_factory=list)

    def measure(self, connections: int, seconds: float, keep: bool = True) -> None:
        before, begun = cpu_us(self.pid), time.monotonic()
        answered = asyncio.run(drive(self.port, self.requests, connections, seconds, self.wanted))
        took_s = time.monotonic() - begun
        time.sleep(SETTLE_S)
        if keep:
            used = cpu_us(self.pid) - before
            self.us.append(used.total() / answered)
            self.by_role.append({role: us / answered for role, us in used.items()})
            self.per_s.append(answered / took_s)


def start_stock(stack: ExitStack, folder: Path, upstream: int) -> list[Case]:
    """Two mitmdumps: one forwards and nothing else, one answers from a dict in an addon."""
    mitmdump = str(Path(sys.executable).with_name("mitmdump"))
    pids, ports = {}, {}
    for kind, more in (("hit", ["-s", str(BENCH / "stock_addon.py")]), ("forward", [])):
        ports[kind], log = free_port(), folder / f"mitmdump-{kind}.log"
        command = [mitmdump, "-q", "--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1"]
        command += ["--listen-port", str(ports[kind]), "--set", f"confdir={folder / 'mitmproxy'}", *more]
        environ = {"BENCH_QUESTION": KNOWN.decode(), "BENCH_ANSWER": ANSWER.decode()}
        pids[kind] = stack.enter_context(started(command, log, environ))
        wait_port(ports[kind], log)
    return [
        Case("stock mitmdump", "hit", pids["hit"], ports["hit"], same(KNOWN)),
        Case("stock mitmdump", "forward", pids["forward"], ports["forward"], fresh()),
    ]


def start_gateway(stack: ExitStack, folder: Path, upstream: int, workers: int) -> list[Case]:
    """`gatewayctl serve` with its own PostgreSQL and Valkey, and a tenant whose upstream is ours."""
    port, log = free_port(), folder / "gateway.log"
    (folder / "empty.yaml").touch()
    command = [sys.executable, "-P", "-m", "gatewayctl", "serve", "--config", str(folder / "empty.yaml"), "--no-demo"]
    command += ["--port", str(port), "--workers", str(workers), "--data-dir", str(folder / "state")]
    pid = stack.enter_context(started(command, log, {"MITMGATE_ADMIN_TOKEN": ADMIN_TOKEN}))
    wait_port(port, log)
    wait_until(lambda: ask(port, "GET", "/health/ready")[0] == 200, log)
    key = tenant_key(port, upstream, "bench")
    for _ in range(2):  # the first is the miss that fills the cache
        ask(port, "POST", "/v1/chat/completions", KNOWN, key)
    auth = f"Authorization: Bearer {key}\r\n"
    return [
        Case("mitmgate", "hit", pid, port, same(KNOWN, auth), b"\r\nx-cache-status: hit"),
        Case("mitmgate", "forward", pid, port, fresh(auth + "X-Cache-Mode: off\r\n"), b"\r\nx-cache-status: bypass"),
        Case("mitmgate", "miss", pid, port, fresh(auth), b"\r\nx-cache-status: miss"),
    ]


def tenant_key(port: int, upstream: int, name: str, cache: Mapping[str, str] | None = None) -> str:
    """Of a new tenant."""
    tenant = {
        "name": name,
        "backend_url": f"http://127.0.0.1:{upstream}",
        "allow_private_upstream": True,
        "rate_limit_per_hour": 1_000_000_000,
        "cache": cache or {},
    }
    status, answer = ask(port, "POST", "/admin/tenants", json.dumps(tenant).encode(), ADMIN_TOKEN)
    if status != 201:
        raise SystemExit(f"no tenant could be made: {answer.decode()}")
    return str(json.loads(answer)["api_key"])


def ask(port: int, method: str, path: str, body: bytes | None = None, credential: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {credential}", "Content-Type": "application/json"} if credential else {}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def report(cases: list[Case]) -> None:
    """The table, and whether the targets are met."""
    base = {case.kind: case for case in cases if case.server == "stock mitmdump"}
    base["miss"] = base["forward"]
    print(
        f"{'server':16}{'case':9}{'CPU µs/request':>16}{'min':>8}{'max':>8}{'requests/s':>12}{'ratio':>8}{'target':>8}"
    )
    for case in cases:
        peer = base[case.kind]
        ratio = statistics.median(own / other for own, other in zip(case.us, peer.us, strict=True))
        target = TARGETS.get(case.kind) if case is not peer else None
        line = (
            f"{case.server:16}{case.kind:9}{statistics.median(case.us):16,.0f}{min(case.us):8,.0f}{max(case.us):8,.0f}"
        )
        line += f"{statistics.median(case.per_s):12,.0f}{ratio:8.2f}"
        print(line + (f"{f'≤ {target:.2f}':>8}  {'met' if ratio <= target else 'MISSED'}" if target else ""))
    print("\nwhere the gateway's goes, in CPU µs/request")
    for case in cases:
        if case.server != "stock mitmdump":
            roles = ROLES.values()
            means = {role: statistics.mean(each.get(role, 0.0) for each in case.by_role) for role in roles}
            print(f"{case.kind:9}" + ", ".join(f"{role} {us:,.0f}" for role, us in means.items() if us >= 0.5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mitmgate-bench-")))
        folder.chmod(0o711)  # as root, PostgreSQL runs as another user and must get through
        upstream = free_port()
        command = [sys.executable, str(BENCH / "static_upstream.py"), str(upstream)]
        stack.enter_context(started(command, folder / "upstream.log"))
        wait_port(upstream, folder / "upstream.log")
        cases = start_gateway(stack, folder, upstream, options.workers) + start_stock(stack, folder, upstream)
        cases.sort(key=lambda case: ("hit", "forward", "miss").index(case.kind))
        for number in range(options.rounds + 1):  # the first warms up
            for case in cases:
                case.measure(options.connections, options.seconds if number else 1.0, keep=number > 0)
            print(f"round {number} of {options.rounds}" if number else "warmed up", file=sys.stderr)
        report(cases)


if __name__ == "__main__":
    main()
