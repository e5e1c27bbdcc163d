"""The gateways that the end-to-end tests share, and the upstreams behind them.

gateway   two workers with the settings of a first start, the demo and a few names that lead to upstreams of ours
strict    short deadlines, small bounds, closed when the limiter is away; its listener speaks TLS
rough     as `gateway`, for tests that kill its processes
"""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import anthropic
import openai
import pytest

from tests.e2e.certificates import Authority
from tests.e2e.clients import anthropic_of, openai_of
from tests.e2e.harness import Gateway, Tenant
from tests.e2e.upstream import LoopThread, Upstream

STRICT = {
    "MITMGATE_AUTH__TOKEN_TTL_S": "2",
    "MITMGATE_CACHE__MAX_BYTES": "65536",
    "MITMGATE_LIMITS__ON_STORE_FAILURE": "closed",
    "MITMGATE_LIMITS__BLOCK_AFTER": "5",
    "MITMGATE_LIMITS__MAX_BODY_BYTES": "4MiB",
    "MITMGATE_LIMITS__MAX_UPLOAD_BYTES": "6MiB",
    "MITMGATE_LIMITS__MAX_BUFFERED_BYTES": "16MiB",
    "MITMGATE_LIMITS__MAX_IN_FLIGHT": "20",
    "MITMGATE_UPSTREAM__CONNECT_S": "0.7",
    "MITMGATE_UPSTREAM__FIRST_BYTE_S": "0.7",
    "MITMGATE_UPSTREAM__IDLE_S": "0.7",
    "MITMGATE_UPSTREAM__RETRIES": "1",
    "MITMGATE_UPSTREAM__ALLOWED_HOSTS": '["127.0.0.1", "*.vendor.test"]',
}


@dataclass
class Vendors:
    """TLS upstreams: trusted (for api.vendor.test and 127.0.0.1), of an unknown authority, expired."""

    trusted: Upstream
    unknown: Upstream
    expired: Upstream

    def names(self) -> dict[str, str]:
        """What `upstream.resolve` is told. wrong-name leads to a server that is not called that."""
        ports = {
            "api": self.trusted.port,
            "wrong-name": self.trusted.port,
            "unknown": self.unknown.port,
            "expired": self.expired.port,
        }
        return {f"{name}.vendor.test:443": f"127.0.0.1:{port}" for name, port in ports.items()}

    def reset(self) -> None:
        for upstream in (self.trusted, self.unknown, self.expired):
            upstream.reset()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Open to the OS user that the embedded servers run as."""
    path = Path(tempfile.mkdtemp(prefix="mitmgate-e2e-"))
    path.chmod(0o711)
    yield path
    rmtree(path)


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def authority(folder: Path) -> Authority:
    return Authority(folder, "authority")


@pytest.fixture(scope="session")
def all_vendors(folder: Path, loop_thread: LoopThread, authority: Authority) -> Iterator[Vendors]:
    names = ("api.vendor.test", "127.0.0.1")
    contexts: list[ssl.SSLContext] = [
        authority.server_context(*names),
        Authority(folder, "unknown").server_context("unknown.vendor.test"),
        authority.server_context("expired.vendor.test", expired=True),
    ]
    upstreams = [Upstream(loop_thread, tls=context) for context in contexts]
    yield Vendors(*upstreams)
    for upstream in upstreams:
        upstream.close()


@pytest.fixture
def vendors(all_vendors: Vendors) -> Vendors:
    all_vendors.reset()
    return all_vendors


@pytest.fixture
def upstream(loop_thread: LoopThread) -> Iterator[Upstream]:
    """A plain upstream of this test's own."""
    server = Upstream(loop_thread)
    yield server
    server.close()


@pytest.fixture(scope="session")
def upstream_settings(authority: Authority, all_vendors: Vendors) -> dict[str, str]:
    return {
        "MITMGATE_UPSTREAM__CA_FILE": str(authority.file),
        "MITMGATE_UPSTREAM__RESOLVE": json.dumps(all_vendors.names()),
    }


@pytest.fixture(scope="session")
def gateway(folder: Path, upstream_settings: dict[str, str]) -> Iterator[Gateway]:
    with _served(folder / "gateway", "--demo", env=upstream_settings) as served:
        yield served


@pytest.fixture(scope="session")
def strict(folder: Path, authority: Authority, upstream_settings: dict[str, str]) -> Iterator[Gateway]:
    certificate, key = authority.issue("127.0.0.1", "localhost")
    listener = {"MITMGATE_SERVER__TLS_CERT": str(certificate), "MITMGATE_SERVER__TLS_KEY": str(key)}
    env = {**STRICT, **listener, **upstream_settings}
    with _served(folder / "strict", "--no-demo", env=env, trust=authority.client_context) as served:
        yield served


@pytest.fixture(scope="session")
def rough_gateway(folder: Path) -> Iterator[Gateway]:
    with _served(folder / "rough", "--no-demo", env={}) as served:
        yield served


@pytest.fixture
def rough(rough_gateway: Gateway) -> Gateway:
    """Whole again, whatever the test before did to it."""
    rough_gateway.wait_healthy()
    return rough_gateway


@contextmanager
def _served(
    data_dir: Path, demo: str, env: dict[str, str], trust: Callable[[], ssl.SSLContext] | None = None
) -> Iterator[Gateway]:
    data_dir.mkdir(mode=0o711)
    with Gateway(data_dir, demo, trust=trust, workers=2, env=env) as served:
        served.wait_ready()
        yield served


@pytest.fixture
def tenant(gateway: Gateway, upstream: Upstream) -> Tenant:
    return gateway.tenant(upstream.url)


@pytest.fixture
def ask_openai(tenant: Tenant) -> Iterator[openai.OpenAI]:
    with openai_of(tenant.gateway, tenant.key) as client:
        yield client


@pytest.fixture
def ask_anthropic(tenant: Tenant) -> Iterator[anthropic.Anthropic]:
    with anthropic_of(tenant.gateway, tenant.key) as client:
        yield client
