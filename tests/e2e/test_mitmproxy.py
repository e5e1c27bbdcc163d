"""The chain in stock mitmproxy: `mitmdump|mitmweb --mode reverse:http://gateway.invalid -s addons/chain.py`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.e2e.harness import Gateway, Tenant, bearer, wait_until
from tests.e2e.served import PATIENCE_S, ROOT, free_port
from tests.e2e.upstream import Asked, LoopThread, Upstream, event, piece

VENDOR_SECRET = "sk-vendor-secret-0123456789"
STRANGER = """
import json, os
def note(what, flow):
    with open(os.environ["SEEN"], "a") as file:
        headers = {k: v for k, v in (flow.response.headers if what == "response" else flow.request.headers).items()}
        body = (flow.response.raw_content if what == "response" else flow.request.raw_content) or b""
        line = [what, flow.request.path, flow.response and flow.response.status_code, headers, body.decode()]
        file.write(json.dumps(line) + "\\n")
def request(flow): note("request", flow)
def response(flow): note("response", flow)
"""


@dataclass
class Prepared:
    """A data directory with one tenant of a served gateway that has ended."""

    folder: Path
    key: str
    upstream: Upstream
    stranger: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> Path:
        return self.folder / "seen"

    def client(self, port: int) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=bearer(self.key), timeout=60, trust_env=False)

    @contextmanager
    def running(self, program: str, *arguments: str, **env: str) -> Iterator[tuple[int, Path]]:
        """-> the port it listens on, once it is ready, and its log."""
        port, log = free_port(), self.folder / f"{program}.log"
        command = [str(Path(sys.executable).with_name(program)), "--mode", "reverse:http://gateway.invalid"]
        listen = ["--listen-host", "127.0.0.1", "-p", str(port)]
        scripts = ["-s", str(ROOT / "addons" / "chain.py"), "-s", str(self.stranger)]
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [*command, *listen, *scripts, *arguments],
                env={**os.environ, **self.env, **env, "SEEN": str(self.seen)},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: self.status(port) in (200, 503) or process.poll() is not None, log.read_text)
            wait_until(lambda: self.status(port) == 200 or process.poll() is not None, log.read_text)
            assert process.poll() is None, log.read_text()
            yield port, log
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def row(self, condition: str) -> dict[str, Any]:
        """The only row of usage that meets the condition, from the database of the one that runs."""
        rows: list[Any] = []

        async def look() -> None:
            folder = (self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[4]
            connection = await asyncpg.connect(host=folder, user="postgres", database="postgres")
            try:
                rows[:] = await connection.fetch(f"SELECT * FROM usage WHERE {condition}")
            finally:
                await connection.close()

        def found() -> bool:
            with ThreadPoolExecutor(1) as pool:  # the main thread's event loop belongs to pytest-asyncio
                pool.submit(asyncio.run, look()).result()
            return bool(rows)

        wait_until(found)
        [row] = rows
        return dict(row)

    @staticmethod
    def status(port: int) -> int:
        """0 only while nobody listens: as soon as somebody does, there is an answer."""
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/ready", verify=False, timeout=10).status_code
        except httpx.ConnectError:
            return 0


def chat(client: httpx.Client, text: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    return client.post("/v1/chat/completions", json=body, headers=headers)


@pytest.fixture(scope="module")
def prepared(folder: Path, loop_thread: LoopThread) -> Iterator[Prepared]:
    place = folder / "stock"
    place.mkdir(mode=0o711)
    upstream = Upstream(loop_thread)
    with Gateway(place, "--no-demo", env={}) as served:
        served.wait_ready()
        auth = {"header": "Authorization", "value": f"Bearer {VENDOR_SECRET}"}
        key = served.tenant(upstream.url, upstream_auth=auth).key
    stranger = place / "stranger.py"
    stranger.write_text(STRANGER)
    yield Prepared(place, key, upstream, stranger, {"MITMGATE_DATA_DIR": str(place)})
    upstream.close()


@pytest.fixture(autouse=True)
def afresh(prepared: Prepared) -> None:
    prepared.upstream.reset()
    prepared.seen.write_text("")


def test_the_chain_works_in_mitmdump_and_nobody_sees_a_secret(prepared: Prepared) -> None:
    flows = prepared.folder / "flows"
    with prepared.running("mitmdump", "-w", str(flows)) as (port, log), prepared.client(port) as client:
        first, again = chat(client, "What is 2+2?"), chat(client, "What is 2+2?")
        assert (first.status_code, first.headers["x-cache-status"]) == (200, "MISS")
        assert (again.headers["x-cache-kind"], again.content) == ("exact", first.content)
        time.sleep(1)  # by when an entry is found in other words
        assert chat(client, "what's 2 plus 2?").headers["x-cache-kind"] == "semantic"
        assert chat(client, "streamed", stream=True, temperature=2).text.endswith("data: [DONE]\n\n")
        upload = client.post("/v1/audio/transcriptions", files={"file": b"x" * 200_000})
        assert upload.status_code == 200 and len(prepared.upstream.asked[-1].body) > 200_000
        login = client.post("/auth/token", json={"api_key": prepared.key}, headers={"Authorization": ""})
        token = login.json()["token"]
        assert client.get("/v1/models", headers=bearer(token)).status_code == 200
        assert client.get(f"/v1/models?key={prepared.key}", headers={"Authorization": ""}).status_code == 200
        strays = {"X-Auth-Token": prepared.key, "Referer": f"http://gw/?key={token}"}
        assert client.get(f"/v1/models?api_key={prepared.key}", headers=strays).status_code == 200
        assert prepared.key not in str(prepared.upstream.asked[-1].head)
        astray = client.get(f"/v1/files/{prepared.key}", headers=strays)
        assert (astray.status_code, astray.json()["error"]["code"]) == (400, "credential_in_path")
        unknown = client.get(f"/v1/models?api_key={prepared.key}", headers={**strays, "Authorization": ""})
        assert unknown.status_code == 401
        refused = client.get("/v1/models", headers=bearer("nobody's"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        assert client.get("/admin/tenants").json()["error"]["code"] == "no_control"
        assert {value for asked in prepared.upstream.asked for value in asked.values("authorization")} == {
            f"Bearer {VENDOR_SECRET}"
        }
    lines = [json.loads(line) for line in prepared.seen.read_text().splitlines()]
    assert len([line for line in lines if line[0] == "response" and line[1] != "/health/ready"]) == 13
    shown = prepared.seen.read_bytes() + log.read_bytes() + flows.read_bytes()
    for secret in (prepared.key, VENDOR_SECRET, token):
        assert secret.encode() not in shown
    rows = rows_of(prepared)
    assert sorted(row["status"] for row in rows) == [*[200] * 8, 400]
    assert sorted(row["cache"] or "" for row in rows) == ["", "", "", "", "", "bypass", "hit", "hit", "miss"]


@pytest.fixture(scope="class")
def one_mitmdump(prepared: Prepared) -> Iterator[int]:
    """The port of one that the tests of a class share: a data directory has room for one."""
    settings = {"MITMGATE_CACHE__AUDIT_SHARE": "1", "MITMGATE_CACHE__DEADLINE_MS": "5000"}
    with prepared.running("mitmdump", **settings) as (port, _):
        yield port


class TestOneMitmdump:
    """Tests that leave it as it was. It audits all hits in other words."""

    @pytest.fixture
    def client(self, prepared: Prepared, one_mitmdump: int) -> Iterator[httpx.Client]:
        with prepared.client(one_mitmdump) as client:
            yield client

    def test_a_stream_passes_chunk_by_chunk_and_has_a_row(self, prepared: Prepared, client: httpx.Client) -> None:
        async def sse(asked: Asked) -> None:
            await asked.begin("text/event-stream")
            await asked.chunk(piece("one"))
            await asked.when(go_on)
            await asked.chunk(piece(None, "stop") + event("[DONE]"))
            await asked.end()

        go_on = threading.Event()
        prepared.upstream.script = sse
        body = {"model": "m", "messages": [{"role": "user", "content": "stream"}], "stream": True}
        with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            chunks = answer.iter_raw()
            assert b"one" in next(chunks)
            go_on.set()
            assert b"[DONE]" in b"".join(chunks)
        row = prepared.row(f"request_id = '{answer.headers['x-request-id']}'")
        assert (row["status"], row["error"]) == (200, None)

    def test_hits_in_other_words_are_audited_here_too(self, prepared: Prepared, client: httpx.Client) -> None:
        question, rephrased = "How do I reset my router?", "how can I reset my router"
        only = {"Cache-Control": "only-if-cached"}
        first = chat(client, question)
        wait_until(lambda: chat(client, rephrased, headers=only).status_code == 200)
        asked = len(prepared.upstream.asked)
        hit = chat(client, rephrased)
        assert (hit.headers["x-cache-kind"], hit.content) == ("semantic", first.content)
        wait_until(lambda: len(prepared.upstream.asked) > asked)
        audit = prepared.upstream.asked[-1]
        assert audit.json["messages"][0]["content"] == rephrased
        assert audit.values("authorization") == [f"Bearer {VENDOR_SECRET}"]
        row = prepared.row("cache = 'audit'")
        assert (row["status"], row["error"], row["completion_tokens"]) == (200, None, 12)

    def test_an_upstream_that_echoes_its_credential_shows_it_to_nobody(
        self, prepared: Prepared, client: httpx.Client
    ) -> None:
        async def echo(asked: Asked) -> None:
            await asked.begin("text/plain")
            for letter in f"key {asked.values('authorization')[0]}.":
                await asked.chunk(letter.encode())
            await asked.end()

        prepared.upstream.script = echo
        assert chat(client, "echo", temperature=2).text == f"key Bearer {'*' * len(VENDOR_SECRET)}."

    def test_redirects_stay_at_the_gateway_here_too(self, prepared: Prepared, client: httpx.Client) -> None:
        async def moved(asked: Asked) -> None:
            place = prepared.upstream.url + asked.target + "/" if b"near" in asked.body else "https://api.evil.org/v1"
            await asked.answer({"moved": True}, "307 Moved", [("Location", place)])

        prepared.upstream.script = moved
        near, far = chat(client, "near", temperature=2), chat(client, "far", temperature=2)
        assert (near.status_code, near.headers["location"]) == (307, "/v1/chat/completions/")
        assert (far.status_code, far.json()["error"]["code"]) == (502, "upstream_redirect")
        assert "location" not in far.headers


def test_a_saved_flow_is_replayed_as_its_tenant_and_not_without_it(prepared: Prepared) -> None:
    flows, again = prepared.folder / "saved", prepared.folder / "replayed"
    with prepared.running("mitmdump", "-w", str(flows)) as (port, _), prepared.client(port) as client:
        assert chat(client, "to be asked again", temperature=2).status_code == 200
    asked = len(prepared.upstream.asked)
    replay = ("--client-replay", str(flows), "--set", "keepserving=true", "-w", str(again))
    with prepared.running("mitmdump", *replay) as (_, log):
        wait_until(lambda: len(prepared.upstream.asked) > asked, log.read_text)
        replayed = prepared.upstream.asked[-1]
        assert replayed.json["messages"][0]["content"] == "to be asked again"
        assert replayed.values("authorization") == [f"Bearer {VENDOR_SECRET}"]
        wait_until(lambda: b"to be asked again" in again.read_bytes(), log.read_text)
    assert VENDOR_SECRET.encode() not in again.read_bytes() + log.read_bytes()
    flows.write_bytes(flows.read_bytes().replace(b"mitmgate_tenant", b"mitmgate_xxxxxx"))
    asked = len(prepared.upstream.asked)
    with prepared.running("mitmdump", *replay) as (_, log):
        wait_until(lambda: "401" in log.read_text(), log.read_text)
    assert len(prepared.upstream.asked) == asked


def test_mitmweb_shows_what_was_asked_and_no_secret(prepared: Prepared) -> None:
    web = free_port()
    flags = ("--web-port", str(web), "--no-web-open-browser", "--set", "web_password=watch")
    with prepared.running("mitmweb", *flags) as (port, _), prepared.client(port) as client:
        assert chat(client, "seen in mitmweb", temperature=2).status_code == 200
        login = client.post("/auth/token", json={"api_key": prepared.key})
        with httpx.Client(base_url=f"http://127.0.0.1:{web}", headers=bearer("watch"), timeout=60) as viewer:
            shown = viewer.get("/flows").text
            for flow in viewer.get("/flows").json():
                for part in ("request", "response"):
                    shown += viewer.get(f"/flows/{flow['id']}/{part}/content.data").text
        assert "seen in mitmweb" in shown and "/auth/token" in shown
        for secret in (prepared.key, VENDOR_SECRET, login.json()["token"]):
            assert secret not in shown


def test_what_cannot_be_opened_ends_it_with_a_line(prepared: Prepared, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("server: {listn: x}\n")
    command = [str(Path(sys.executable).with_name("mitmdump")), "--mode", "reverse:http://gateway.invalid"]
    ended = subprocess.run(
        [*command, "-p", str(free_port()), "-s", str(ROOT / "addons" / "chain.py")],
        cwd=tmp_path,
        env={**os.environ, **prepared.env},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert "server.listn" in ended.stdout + ended.stderr and "Traceback" not in ended.stdout + ended.stderr


def test_only_planned_places_are_connected_to(prepared: Prepared) -> None:
    """A stranger's addon that sends a request elsewhere reaches nobody, and its client gets an error of ours."""
    bait = prepared.folder / "bait.py"
    bait.write_text(
        "def request(flow):\n    flow.request.port = int(flow.request.query.get('to', flow.request.port))\n"
    )
    with prepared.running("mitmdump", "-s", str(bait)) as (port, _), prepared.client(port) as client:
        assert client.get("/v1/models").status_code == 200
        refused = client.get("/v1/models?to=1")
        assert refused.status_code == 502 and refused.json()["error"]["code"] == "upstream_malformed"


def rows_of(prepared: Prepared) -> list[dict[str, object]]:
    with Gateway(prepared.folder, "--no-demo", env={}) as served:
        served.wait_ready()
        return Tenant(served, 1, prepared.key).rows()
