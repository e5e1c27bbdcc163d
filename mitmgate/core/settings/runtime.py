"""What the supervisor found out at its start and every child needs to know, beside the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from mitmgate.core.settings.model import Settings


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


def runtime_document(settings: Settings, runtime: Runtime) -> bytes:
    """`run/settings.json`: what every child process is started with and reads again at a reload."""
    return orjson.dumps(
        {"settings": orjson.Fragment(settings.to_json()), "runtime": runtime},
        default=str,
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def load_runtime(path: Path | str) -> tuple[Settings, Runtime]:
    """Reads `run/settings.json`. Raises OSError or ValueError."""
    document = orjson.loads(Path(path).read_bytes())
    runtime = document["runtime"]
    runtime["data_dir"] = Path(runtime["data_dir"])
    return Settings.from_values(document["settings"]), Runtime(**runtime)
