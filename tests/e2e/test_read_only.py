"""The gateway as deploy/ runs it: a normal user without privileges or home, a file system that is read-only but for
the data directory, and of the checkout only what the image holds."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.dockerfile import ROOT, copied
from tests.e2e.served import PATIENCE_S, alive, children, free_port, wait_until

TOKEN = "mga_of-these-tests"
# A new mount namespace: all of / read-only, the interpreter's closed home opened, only $DATA to be written.
SCRIPT = """
set -e
mount --make-rprivate /
mount --bind "$DATA" "$DATA"
if [ -n "$CLOSED" ]; then
    mount --bind "$BASE" "$TREE/base"
    mount -t tmpfs -o mode=755 tmpfs "$CLOSED"
    mkdir -p "$BASE"
    mount --bind "$TREE/base" "$BASE"
    mount -o remount,ro "$CLOSED"
fi
mount -o remount,bind,ro /
if touch "$TREE/written" /tmp/written 2>/dev/null; then exit 77; fi
cd /
exec setpriv --reuid "$ID" --regid "$GROUP" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    env -i PATH=/usr/bin:/bin HOME=/nonexistent PYTHONPATH="$TREE" MITMGATE_DATA_DIR="$DATA" \
    MITMGATE_ADMIN_TOKEN="$TOKEN" MITMGATE_SERVER__LISTEN="0.0.0.0:$PORT" \
    "$PYTHON" -P -m gatewayctl serve --workers 1 --no-demo
"""


class Confined:
    """One run on a data directory; leaving the context ends it."""

    def __init__(self, tree: Path, data: Path, user: pwd.struct_passwd) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = tree.parent / "log"
        base = Path(sys.base_prefix).resolve()
        closed = next((each for each in reversed(base.parents) if not each.stat().st_mode & 0o001), "")
        told = {"DATA": data, "TREE": tree, "BASE": base, "CLOSED": closed, "PORT": self.port, "PYTHON": sys.executable}
        told |= {"ID": user.pw_uid, "GROUP": user.pw_gid, "TOKEN": TOKEN}
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "bash", "-c", SCRIPT],
                env={"PATH": os.environ["PATH"], **{name: str(value) for name, value in told.items()}},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def __enter__(self) -> Confined:
        wait_until(lambda: self._ready() or self.process.poll() is not None, self.output)
        assert self.process.poll() is None, self.output()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            family = children(self.process.pid)
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            wait_until(lambda: not alive(family))

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", verify=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def admin(self, path: str, body: object) -> httpx.Response:
        return httpx.post(
            f"{self.url}/admin{path}", json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )


@pytest.fixture
def places(server_folder: Path) -> Iterator[tuple[Path, Path, pwd.struct_passwd]]:
    if os.geteuid() or not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("only root may make a read-only view of the file system")
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("this machine allows no mount namespaces")
    user = pwd.getpwnam("nobody")
    tree, data = server_folder / "image", server_folder / "data"
    (tree / "base").mkdir(parents=True)
    for source in copied():
        target = tree / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    data.mkdir(mode=0o700)
    os.chown(data, user.pw_uid, user.pw_gid)
    yield tree, data, user


def test_serves_restarts_and_ends_with_nothing_to_write_but_its_data(
    places: tuple[Path, Path, pwd.struct_passwd], upstream: object
) -> None:
    tree, data, user = places
    backend = {"backend_url": upstream.url, "allow_private_upstream": True}  # type: ignore[attr-defined]
    with Confined(tree, data, user) as gateway:
        made = gateway.admin("/tenants", {"name": "acme", **backend})
        assert made.status_code == 201, made.text
        ask = {"model": "m", "messages": [{"role": "user", "content": "What is 2+2?"}]}
        headers = {"Authorization": f"Bearer {made.json()['api_key']}"}
        cached = []
        for words in ("What is 2+2?", "What is 2+2?", "what's 2 plus 2?"):
            ask["messages"] = [{"role": "user", "content": words}]
            answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=ask, headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            cached.append(answer.headers["x-cache-status"])
        assert cached[:2] == ["MISS", "HIT"]
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE_S) == 0, gateway.output()
        assert "Traceback" not in gateway.output() and "Read-only" not in gateway.output(), gateway.output()
    owners = {path.lstat().st_uid for path in data.rglob("*")}
    assert owners == {user.pw_uid}
    assert not [path for path in tree.rglob("*") if path.name == "__pycache__"]
    with Confined(tree, data, user) as gateway:
        again = httpx.post(f"{gateway.url}/v1/chat/completions", json=ask, headers=headers, timeout=30)
        assert again.status_code == 200 and again.headers["x-cache-status"] == "HIT", again.text
