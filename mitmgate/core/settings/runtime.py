"""What the supervisor found out at its start and every child needs to know, beside the settings."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from mitmgate.core.settings.masking import masked_url
from mitmgate.core.settings.model import SECTIONS, Settings, keys_of

_URLS: Final = ("database_dsn", "redis_url")


@dataclass(frozen=True, slots=True)
class Runtime:
    """This run of the gateway.

    database_dsn is what asyncpg.connect takes, redis_url `unix:///…` or `redis://…`; demo_upstream the mock LLM's base
    URL while the demo runs; control_port the loopback port of the control plane, whose listening socket it inherits;
    matcher_socket the path of the matcher's Unix socket.
    """

    data_dir: Path
    database_dsn: str
    redis_url: str
    demo: bool
    demo_upstream: str | None
    worker_count: int
    listen_host: str
    listen_port: int
    control_port: int
    version: str
    matcher_socket: str


def runtime_document(settings: Settings, runtime: Runtime, secrets_fd: int | None = None) -> bytes:
    """`run/settings.json`: what every child process is started with and reads again at a reload.

    secrets_fd: the descriptor under which children find `runtime_secrets`, which the document is then without; only
    that a URL has a password is seen.
    """
    document = _values(settings, runtime)
    if secrets_fd is not None:
        for section, key in _secret_keys():
            value = document["settings"][section][key]
            left: Any = _masked(value) if key == "url" else [] if isinstance(value, list) else None
            document["settings"][section][key] = left
        for name in _URLS:
            document["runtime"][name] = _masked(document["runtime"][name])
        document["secrets_fd"] = secrets_fd
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def runtime_secrets(settings: Settings, runtime: Runtime) -> bytes:
    """What `runtime_document` leaves out: for a file without a name that children inherit."""
    document = _values(settings, runtime)
    secret: dict[str, dict[str, Any]] = {}
    for section, key in _secret_keys():
        secret.setdefault(section, {})[key] = document["settings"][section][key]
    return orjson.dumps({"settings": secret, "runtime": {name: document["runtime"][name] for name in _URLS}})


def load_runtime(path: Path | str, *, with_secrets: bool = True) -> tuple[Settings, Runtime]:
    """Reads `run/settings.json`, and what was left out of it. Raises OSError or ValueError.

    with_secrets: False for whoever is no child of the gateway.
    """
    document = orjson.loads(Path(path).read_bytes())
    if with_secrets and (handed := document.get("secrets_fd")) is not None:
        os.set_inheritable(handed, False)
        secret = orjson.loads(os.pread(handed, os.fstat(handed).st_size, 0))
        for section, values in secret["settings"].items():
            document["settings"][section] |= values
        document["runtime"] |= secret["runtime"]
    runtime = document["runtime"]
    runtime["data_dir"] = Path(runtime["data_dir"])
    return Settings.from_values(document["settings"]), Runtime(**runtime)


def _values(settings: Settings, runtime: Runtime) -> dict[str, Any]:
    """Both as JSON has them."""
    values: dict[str, Any] = orjson.loads(
        orjson.dumps({"settings": orjson.Fragment(settings.to_json()), "runtime": asdict(runtime)}, default=str)
    )
    return values


def _secret_keys() -> list[tuple[str, str]]:
    return [
        (section, key) for section, model in SECTIONS.items() for key, (_, secret) in keys_of(model).items() if secret
    ]


def _masked(url: str) -> str:
    """As it is where nothing is to hide, which is what embedded servers' are."""
    return url if url == "embedded" or ("@" not in url and "password" not in url) else masked_url(url)
