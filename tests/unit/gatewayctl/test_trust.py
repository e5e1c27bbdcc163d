"""TLS listeners with a private authority: what is trusted, and what is said when it is not."""

from __future__ import annotations

import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest

from gatewayctl.client import AdminClient, ServerAway
from gatewayctl.doctor.gateway import gateway
from gatewayctl.running import Running, running_on
from gatewayctl.session import connect
from gatewayctl.trust import NotTrusted, ways_to_trust
from mitmgate.services.embedded import locks
from tests.e2e.certificates import Authority

Serve = Callable[[Path, Path], int]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "ca").mkdir()
    return Authority(tmp_path / "ca", "private")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an empty list with that certificate. -> its port"""
    servers = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

    def serving(certificate: Path, key: Path) -> int:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is no news
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(client: AdminClient) -> Any:
    try:
        return client.get("/admin/tenants")
    finally:
        client.close()


def test_an_authority_of_ones_own(authority: Authority, serve: Serve) -> None:
    url = f"https://127.0.0.1:{serve(*authority.issue('127.0.0.1'))}"
    assert asked(connect(url, "t", None, {}, authority.file)) == []
    assert asked(connect(url, "t", None, {"MITMGATE_CA_FILE": str(authority.file)})) == []
    with pytest.raises(NotTrusted, match="--cacert FILE, or MITMGATE_CA_FILE"):
        asked(connect(url, "t", None, {}))


def test_the_certificate_itself_as_its_authority(authority: Authority, serve: Serve) -> None:
    certificate, key = authority.issue("127.0.0.1")
    assert asked(connect(f"https://127.0.0.1:{serve(certificate, key)}", "t", None, {}, certificate)) == []


@pytest.mark.parametrize(("names", "expired", "said"), [(("127.0.0.1",), True, "expired"), (("h",), False, "name")])
def test_each_reason_has_its_words(
    authority: Authority, serve: Serve, names: tuple[str, ...], expired: bool, said: str
) -> None:
    url = f"https://127.0.0.1:{serve(*authority.issue(*names, expired=expired))}"
    with pytest.raises(NotTrusted, match=said):
        asked(connect(url, "t", None, {}, authority.file))


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_file_that_is_none_is_wrong_usage(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(click.UsageError, match="--cacert"):
        connect("https://127.0.0.1:1", "t", None, {}, tmp_path / "ca.pem")


def runs(folder: Path, port: int, certificate: Path) -> int:
    """What a gateway that runs on that directory leaves there. -> its lock"""
    (folder / "run").mkdir(parents=True)
    runtime = {"listen_host": "127.0.0.1", "listen_port": port}
    document = {"settings": {"server": {"tls_cert": str(certificate)}}, "runtime": runtime}
    (folder / "run" / "settings.json").write_text(json.dumps(document))
    lock = locks.take(folder / "gateway.lock")
    assert lock is not None
    return lock


def test_the_own_listener_is_trusted_whatever_its_name(authority: Authority, serve: Serve, tmp_path: Path) -> None:
    certificate, key = authority.issue("gateway.example.internal")
    whole = tmp_path / "chain.pem"
    whole.write_bytes(certificate.read_bytes() + authority.file.read_bytes())
    port = serve(whole, key)
    lock = runs(tmp_path / "state", port, whole)
    try:
        running = running_on(tmp_path / "state")
        assert running == Running(tmp_path / "state", f"https://127.0.0.1:{port}", port, whole)
        for url in (None, f"https://127.0.0.1:{port}", f"https://localhost:{port}"):
            assert asked(connect(url, "t", tmp_path / "state", {})) == []
        # Another certificate of the same authority, and another port, are not the listener's own.
        other = serve(*authority.issue("gateway.example.internal"))
        for client in (
            AdminClient(f"https://127.0.0.1:{other}", "t", trusts=ways_to_trust(None, running)),
            connect(f"https://127.0.0.1:{other}", "t", tmp_path / "state", {}),
        ):
            with pytest.raises(NotTrusted):
                asked(client)
    finally:
        os.close(lock)


def test_a_given_authority_works_next_to_the_own_listener(authority: Authority, serve: Serve, tmp_path: Path) -> None:
    port = serve(*authority.issue("127.0.0.1"))
    lock = runs(
        tmp_path / "state", port, authority.issue("renewed.example.com")[0]
    )  # the file is newer than what is served
    try:
        assert asked(connect(None, "t", tmp_path / "state", {}, authority.file)) == []
        with pytest.raises(NotTrusted, match="restart the gateway"):
            asked(connect(None, "t", tmp_path / "state", {}))
    finally:
        os.close(lock)


def test_the_doctor_does_not_say_that_it_does_not_run(authority: Authority, serve: Serve) -> None:
    url = f"https://127.0.0.1:{serve(*authority.issue('127.0.0.1'))}"
    (found,) = gateway(AdminClient(url, None), url_was_named=True)
    assert found.state == "wrong" and "certificate not trusted" in found.seen and "--cacert" in found.remedy
    assert "kill" not in found.seen + found.remedy and "run.sh" not in found.remedy


def test_the_wrong_scheme_is_named(admin: Any, authority: Authority, serve: Serve) -> None:
    with pytest.raises(ServerAway, match="begins with http:"):
        asked(AdminClient(admin.url.replace("http:", "https:"), "t"))
