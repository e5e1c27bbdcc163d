"""The gateway's life: start, second gateway, deaths of every kind of process, reload, drain."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import jwt
import pytest

from tests.conftest import open_folder
from tests.e2e.served import ADMIN_TOKEN, DEMO_KEY, Served, alive, children, free_port, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

KINDS = ["--worker 0", "mitmgate.control", "mitmgate.matcher", "postgres/data", "valkey-server", "mock-llm"]


@pytest.fixture
def data_dir(server_folder: Path) -> Path:
    return server_folder / "state with a blank"


@pytest.fixture
def gateway(data_dir: Path) -> Iterator[Served]:
    data_dir.mkdir()
    with Served(data_dir, "--demo", workers=2) as served:
        yield served.wait_ready()


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[Served]:
    """Ends cleanly, whatever it went through."""
    with open_folder() as folder, Served(folder, "--demo", workers=2) as served:
        yield served.wait_ready()
        wait_until(served.healthy, served.output)
        assert served.end() == 0, served.output()


@pytest.fixture(scope="module")
def reloading_gateway() -> Iterator[Served]:
    with open_folder() as folder:
        _configure(folder, {})
        with Served(folder, "--demo", workers=2) as served:
            yield served.wait_ready()


@pytest.fixture
def reloading(reloading_gateway: Served) -> Served:
    """The gateway of tests that change its configuration, with its first one again."""
    if _configure(reloading_gateway.data_dir, {}):
        reloaded = reloading_gateway.log.read_text().count("reloaded; changed")
        reloading_gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: reloading_gateway.log.read_text().count("reloaded; changed") > reloaded)
    return reloading_gateway


def _configure(data_dir: Path, changed: dict[str, dict[str, object]]) -> bool:
    """Writes the configuration. -> whether it differs from the one before."""
    first: dict[str, dict[str, object]] = {"auth": {"token_ttl_s": 600, "secrets": [f"old:{'o' * 32}"]}}
    auth = {**first["auth"], **changed.get("auth", {})}
    file = data_dir / "config.yaml"
    before = file.read_text() if file.exists() else ""
    file.write_text(json.dumps({**changed, "auth": auth}))
    return file.read_text() != before


@pytest.fixture
def whole(shared_gateway: Served) -> Served:
    """The gateway of tests that kill its children but leave it running, whole again after the test before."""
    wait_until(shared_gateway.healthy, shared_gateway.output)
    return shared_gateway


class HangingStream:
    """Sends the first event of a stream, and then nothing more; to what asks for none, nothing."""

    def __init__(self) -> None:
        ended = self._ended = threading.Event()
        self.asked = 0
        counter = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                counter.asked += 1
                if body.get("stream"):
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    self.wfile.write(b'data: {"choices": [{"index": 0, "delta": {"content": "begun"}}]}\n\n')
                    self.wfile.flush()
                ended.wait(120)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self._ended.set()
        self.server.shutdown()
        self.server.server_close()


class SlowUpstream:
    """Answers once it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.set()
                outer.let_go.wait(60)
                body = b'{"id": "late", "object": "chat.completion", "choices": []}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


def test_starts_serves_and_ends_without_a_trace(gateway: Served) -> None:
    assert gateway.healthy()
    assert gateway.ask("What is 2+2?").status_code == 200
    said = gateway.output()
    assert f"{gateway.url}/admin/docs" in said
    assert f"{gateway.url}/auth/token" in said
    for secret in (ADMIN_TOKEN, *(path.read_text().strip() for path in (gateway.data_dir / "secrets").iterdir())):
        assert secret not in said
    settings = gateway.data_dir / "run" / "settings.json"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    family = children(gateway.process.pid)
    assert len(family) > 5
    assert gateway.end() == 0, gateway.output()
    assert not alive(family)


def test_a_second_gateway_is_refused(whole: Served, tmp_path: Path) -> None:
    with Served(whole.data_dir, "--demo") as on_its_data:
        assert on_its_data.process.wait(60) == 3
        assert "in use by another gateway" in on_its_data.output()
    tmp_path.chmod(0o711)
    with Served(tmp_path, "--demo", port=whole.port) as on_its_port:
        assert on_its_port.process.wait(60) == 3
        assert f"127.0.0.1:{whole.port} is held by" in on_its_port.output()
        assert f"pid {whole.process.pid}" in on_its_port.output()
    assert whole.healthy()


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_recovers(gateway: Served) -> None:
    tenant = gateway.admin("POST", "/admin/tenants", {"name": "kept", "backend_url": "https://api.openai.com"})
    assert tenant.status_code == 201
    family = children(gateway.process.pid)
    gateway.process.kill()
    gateway.process.wait()
    with Served(gateway.data_dir, "--demo", port=gateway.port, workers=2) as again:
        again.wait_ready()
        assert not alive(family)
        assert [each["name"] for each in again.admin("GET", "/admin/tenants").json()] == ["Test Tenant", "kept"]
        assert again.ask("What is 2+2?").status_code == 200
        assert again.end() == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_dies_or_hangs_is_replaced(whole: Served, how: signal.Signals) -> None:
    worker = whole.child("--worker 1")
    os.kill(worker, how)
    wait_until(lambda: whole.child("--worker 1") != worker, whole.output)
    wait_until(whole.healthy, whole.output)
    assert [whole.ask(f"question {number} after {how.name}").status_code for number in range(8)] == [200] * 8


@pytest.mark.parametrize("stopped", [("--worker 1",), ("--worker 0", "--worker 1")])
def test_a_key_made_while_a_worker_hangs_is_shown_and_works_everywhere(whole: Served, stopped: tuple[str, ...]) -> None:
    runtime = json.loads((whole.data_dir / "run" / "settings.json").read_bytes())["runtime"]
    for words in stopped:
        os.kill(whole.child(words), signal.SIGSTOP)
    made = httpx.post(  # as a worker that does not hang would pass it on
        f"http://127.0.0.1:{runtime['control_port']}/admin/tenants",
        json={"name": f"while {len(stopped)} hang", "backend_url": "https://api.openai.com"},
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        timeout=30,
    )
    assert made.status_code == 201, made.text
    wait_until(whole.healthy, whole.output)
    headers = {"Authorization": f"Bearer {made.json()['api_key']}"}
    for _ in range(12):  # on connections of their own, so on both workers; known, but may not do this
        answer = httpx.request("TRACE", whole.url + "/v1/models", headers=headers, timeout=30)
        assert answer.status_code == 405, answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_process_is_started_again(whole: Served, kind: str) -> None:
    killed = whole.child(kind)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: whole.child(kind) != killed, whole.output)
    wait_until(whole.healthy, whole.output)
    wait_until(lambda: whole.ask(f"after {kind}").status_code == 200, whole.output)
    created = whole.admin("POST", "/admin/tenants", {"name": kind, "backend_url": "https://api.openai.com"})
    assert created.status_code == 201, created.text


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_without_control_traffic_health_and_logins_go_on(whole: Served, how: signal.Signals) -> None:
    killed = whole.child("mitmgate.control")
    os.kill(killed, how)
    for number in range(3):
        assert whole.ask(f"without control {number} after {how.name}").status_code == 200
        login = httpx.post(f"{whole.url}/auth/token", json={"api_key": DEMO_KEY}, timeout=10)
        assert login.status_code == 200
        assert whole.get("/health") == whole.get("/health/ready") == 200
    assert whole.admin("GET", "/admin/tenants").status_code in (200, 503)
    wait_until(lambda: whole.child("mitmgate.control") != killed, whole.output)
    wait_until(lambda: whole.admin("GET", "/admin/tenants").status_code == 200, whole.output)
    wait_until(whole.healthy, whole.output)


def test_a_drain_lets_what_is_under_way_end(gateway: Served) -> None:
    upstream = SlowUpstream()
    wanted = {"name": "slow", "backend_url": upstream.url, "allow_private_upstream": True}
    key = gateway.admin("POST", "/admin/tenants", wanted).json()["api_key"]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(gateway.ask, "slowly", key)
        assert upstream.asked.wait(60)
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: gateway.get("/health/live") == 0, gateway.output)  # nobody new is let in
        upstream.let_go.set()
        assert asked.result().json()["id"] == "late"
    assert gateway.process.wait(60) == 0, gateway.output()
    upstream.close()


@pytest.mark.parametrize("patient", [pytest.param(True, marks=pytest.mark.long), False])
def test_a_stream_that_hangs_holds_up_the_end_for_a_bounded_time(gateway: Served, patient: bool) -> None:
    """Drained for half a minute, unless a second signal says to end at once."""
    upstream = HangingStream()
    wanted = {"name": "hangs", "backend_url": upstream.url, "allow_private_upstream": True}
    key = gateway.admin("POST", "/admin/tenants", wanted).json()["api_key"]
    family = children(gateway.process.pid)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "for ever"}]}
    with (
        ThreadPoolExecutor(1) as pool,
        httpx.stream(
            "POST",
            f"{gateway.url}/v1/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(90),
        ) as answer,
    ):
        pieces = answer.iter_raw()
        assert b"begun" in next(pieces)
        plain = pool.submit(gateway.ask, "for ever", key)
        wait_until(lambda: upstream.asked == 2)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_said("draining; once more ends at once")
        if not patient:
            wait_until(lambda: gateway.get("/health/live") == 0, gateway.output)
            assert gateway.process.poll() is None
            gateway.process.send_signal(signal.SIGTERM)
            gateway.wait_said("ending at once")
        rest = b""
        with suppress(httpx.TransportError):
            for piece in pieces:  # until the gateway ends it
                rest += piece
        if patient:
            assert b"gateway_stopping" in rest
            assert plain.result().status_code == 503
            assert plain.result().json()["error"]["code"] == "gateway_stopping"
        else:
            with suppress(httpx.TransportError):
                plain.result()
    gateway.process.wait(60)
    assert not alive(family)
    ended = "mitmgate has ended" if patient else "mitmgate has ended, but not cleanly"
    assert gateway.output().rstrip().endswith(ended), gateway.output()
    assert gateway.process.returncode == (0 if patient else 1)
    upstream.close()


def test_a_start_that_is_cut_short_ends_cleanly(data_dir: Path) -> None:
    data_dir.mkdir()
    for said in ("starting PostgreSQL", "bringing the schema", "starting control"):
        with Served(data_dir) as cut_short:
            cut_short.wait_said(said)
            family = children(cut_short.process.pid)
            assert cut_short.end(signal.SIGINT) == 0, cut_short.output()
            assert not alive(family)


def test_a_reload_applies_what_it_can_and_keeps_the_old_when_it_cannot(reloading: Served) -> None:
    def expires_in() -> int:
        answer = httpx.post(f"{reloading.url}/auth/token", json={"api_key": DEMO_KEY}, timeout=30)
        return int(answer.json()["expires_in"])

    wait_until(lambda: expires_in() == 600, reloading.output)
    _configure(reloading.data_dir, {"auth": {"token_ttl_s": "soon"}})
    reloading.process.send_signal(signal.SIGHUP)
    reloading.wait_said("not reloaded")
    assert "config.yaml:1: auth.token_ttl_s" in reloading.output()
    assert expires_in() == 600
    changed: dict[str, dict[str, object]] = {"server": {"workers": 3}, "redis": {"url": "redis://127.0.0.1:1/0"}}
    _configure(reloading.data_dir, {"auth": {"token_ttl_s": 60}, **changed})
    reloading.process.send_signal(signal.SIGHUP)
    reloading.wait_said("reloaded; changed: auth.token_ttl_s")
    reloading.wait_said("needs a restart: redis.url")
    wait_until(lambda: expires_in() == 60, reloading.output)
    assert reloading.healthy()


def test_a_reload_changes_what_tokens_are_signed_with(reloading: Served) -> None:
    def token() -> str:
        answer = httpx.post(f"{reloading.url}/auth/token", json={"api_key": DEMO_KEY}, timeout=30)
        return str(answer.json()["token"])

    def signed_with() -> str:
        return str(jwt.get_unverified_header(token())["kid"])

    def reload(*secrets: str) -> None:
        _configure(reloading.data_dir, {"auth": {"secrets": secrets}})
        reloading.process.send_signal(signal.SIGHUP)

    old, new = f"old:{'o' * 32}", f"new:{'n' * 32}"
    before = token()
    assert signed_with() == "old"
    reload(new, f"new:{'o' * 32}")
    reloading.wait_said("auth.secrets: must not hold two secrets of one name")
    reload(new, old)
    reloading.wait_said("reloaded; changed: auth.secrets")
    wait_until(lambda: {signed_with() for _ in range(8)} == {"new"}, reloading.output)
    assert reloading.ask("What is 2+2?", before).status_code == 200
    reload(new)
    wait_until(lambda: {reloading.ask("x", before).status_code for _ in range(8)} == {401}, reloading.output)


def test_secrets_of_the_environment_are_on_no_disk_and_reach_children_that_are_started_again(data_dir: Path) -> None:
    secret = "s3cr3t" * 8
    env = {"MITMGATE_AUTH__PEPPER": secret, "MITMGATE_AUTH__SECRETS": f'["it:{secret}"]'}
    data_dir.mkdir()

    def signed_with() -> str | None:
        answer = httpx.post(f"{gateway.url}/auth/token", json={"api_key": "test-key-123"}, timeout=30)
        return jwt.get_unverified_header(answer.json()["token"])["kid"] if answer.status_code == 200 else None

    with Served(data_dir, "--demo", workers=1, env=env) as gateway:
        gateway.wait_ready()
        for path in (data_dir / "run").iterdir():
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path
        for pid in children(gateway.process.pid):
            with suppress(FileNotFoundError):
                assert secret.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
        assert signed_with() == "it"
        for words in ("--worker 0", "mitmgate.control", "mitmgate.matcher"):
            before = gateway.child(words)
            os.kill(before, signal.SIGKILL)
            wait_until(lambda words=words, before=before: gateway.child(words) != before, gateway.output)  # type: ignore[misc]
        wait_until(gateway.healthy, gateway.output)
        wait_until(lambda: signed_with() == "it", gateway.output)
        assert gateway.end() == 0, gateway.output()


@pytest.mark.parametrize(
    ("flags", "env", "said"),
    [
        (["--demo", "--host", "0.0.0.0"], {}, "loopback"),
        (["--config", "none.yaml"], {}, "none.yaml: no such file"),
        ([], {"MITMGATE_SERVER__LISTN": "x"}, "did you mean MITMGATE_SERVER__LISTEN?"),
        (
            [],
            {"MITMGATE_DATABASE__URL": "postgresql://u:hunter2@127.0.0.1:1/x"},
            "127.0.0.1:1 cannot be reached",
        ),
        ([], {"MITMGATE_MASTER_KEY": "hunter2"}, "master key"),
    ],
)
def test_what_cannot_start_says_why(data_dir: Path, flags: list[str], env: dict[str, str], said: str) -> None:
    data_dir.mkdir()
    with Served(data_dir, *flags, env=env) as refused:
        assert refused.process.wait(60) == 3, refused.output()
        assert said in refused.output()
        assert "Traceback" not in refused.output()
        assert "hunter2" not in refused.output()


def test_the_demo_ends_when_tenants_exist_and_its_key_with_it(data_dir: Path) -> None:
    data_dir.mkdir()
    with Served(data_dir) as gateway:
        gateway.wait_ready()
        assert gateway.ask("What is 2+2?").status_code == 200
        gateway.admin("POST", "/admin/tenants", {"name": "real", "backend_url": "https://api.openai.com"})
        assert gateway.end() == 0
    with Served(data_dir) as gateway:
        gateway.wait_ready()
        gateway.wait_said("off, because tenants exist; --demo runs it beside them")
        assert gateway.ask("What is 2+2?").status_code == 401


def test_the_demo_takes_another_port_when_its_own_is_held(data_dir: Path) -> None:
    data_dir.mkdir()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", 9000))
            holder.listen()
        except OSError:
            pass  # somebody else holds it: just as good
        with Served(data_dir, "--demo", port=free_port()) as gateway:
            gateway.wait_ready()
            gateway.wait_said("port 9000 is held")
            assert gateway.ask("What is 2+2?").status_code == 200
