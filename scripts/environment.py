"""Makes the virtual environment `.venv` beside this checkout from its lock files, once.

    python environment.py serve|test                  makes it, or what it lacks; run by the base interpreter
    python environment.py --check serve|test [BASE]   exit status 0 when it is right; run by the environment's own
    python environment.py --check-packages …          the same, whatever became of hnswlib
    python environment.py --finish serve|test BUILT   the last steps of making it; run by the environment's own

A stamp, written last, says from what it was made: so one that was cut short, or whose lock file has changed, is made
again. Starts that meet wait for each other. Needs nothing but the standard library.

hnswlib has no wheels and is built where it can be; the gateway does without it. The stamp says with which tools that
was tried in vain, so that it is tried again once there are others.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".made-from"
LOCKS = {"serve": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}  # test holds all of serve
HNSWLIB = ROOT / "requirements-hnswlib.lock"
COMPILERS = ("c++", "g++", "clang++")
TOOLS_FROM = {
    "apt-get": "apt-get install g++ python3-dev",
    "dnf": "dnf install gcc-c++ python3-devel",
    "zypper": "zypper install gcc-c++ python3-devel",
    "pacman": "pacman -S gcc",
    "xcode-select": "xcode-select --install",
}
PACKAGES = ("addons", "gatewayctl", "mitmgate")


def is_right(purpose: str, base: str = "") -> bool:
    """Whether this interpreter's environment is what would be made now (on that base interpreter, if one is named)."""
    wanted, stamp = made_from("serve") | made_from(purpose), read_stamp()
    return base in ("", base_python()) and all(stamp.get(name) == value for name, value in wanted.items())


def read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def made_from(purpose: str) -> dict[str, str]:
    """What an environment is right for, as the stamp says it."""
    return {
        "checkout": str(ROOT),
        "python": ".".join(map(str, sys.version_info[:2])),
        purpose: hashlib.sha256(LOCKS[purpose].read_bytes()).hexdigest(),
    }


def base_python() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def make(purpose: str) -> None:
    """Leaves a right environment behind, whatever was there."""
    base = base_python()
    ordered = base if os.environ.get("MITMGATE_PYTHON") else ""
    with open(ROOT / ".venv.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another start, which is making .venv")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if checked(purpose, ordered):
            return
        begun = time.monotonic()
        say(f"Python {'.'.join(map(str, sys.version_info[:3]))} ({base})")
        uv = working_uv()
        if not checked(purpose, ordered, "--check-packages"):
            if purpose == "test" and checked("serve", ordered, "--check-packages"):
                add_tests(uv)
            else:
                renew(uv, base, purpose)
        built = add_hnswlib(uv)
        say("compiling bytecode")
        if not run([PYTHON, "-I", "-S", __file__, "--finish", purpose, built]):
            sys.exit(f"mitmgate: {PYTHON} does not run")
        say(f"set up in {time.monotonic() - begun:.0f} s")


def checked(purpose: str, base: str, how: str = "--check") -> bool:
    """Asks the environment's own interpreter, which may no longer run."""
    try:
        return run([PYTHON, "-I", "-S", __file__, how, purpose, base], quiet=True)
    except OSError:
        return False


def add_tests(uv: str | None) -> None:
    """Puts the test extras into an environment that is right to serve with, and may be serving."""
    say("adding the test extras to .venv")
    if uv and run([uv, "pip", "install", *quiet_pinned("test"), "--python", PYTHON]):
        return
    run([PYTHON, "-m", "ensurepip"], quiet=True)  # uv puts no pip there
    install_with_pip("test")


def renew(uv: str | None, base: str, purpose: str) -> None:
    """pip has the last word: uv does not read pip's configuration, so an index named there is out of its reach."""
    if uv:
        say("making .venv and installing with uv")
        remove_venv()
        if run([uv, "venv", "-q", "--no-project", "--python", base, VENV]) and run(
            [uv, "pip", "install", *quiet_pinned(purpose), "--python", PYTHON]
        ):
            return
        say("uv could not do it: with pip, then")
    say("making .venv and installing with pip")
    remove_venv()
    if not run([base, "-I", "-m", "venv", VENV]):
        sys.exit(f"mitmgate: {base} could not make {VENV}")
    install_with_pip(purpose)


def install_with_pip(purpose: str) -> None:
    if not run([PYTHON, "-m", "pip", "install", *quiet_pinned(purpose), "--no-compile", "--disable-pip-version-check"]):
        sys.exit(f"mitmgate: pip could not install {LOCKS[purpose].name}")


def quiet_pinned(purpose: str) -> list[str | Path]:
    return ["-qq", *pinned(LOCKS[purpose])]


def pinned(lock: Path) -> list[str | Path]:
    return ["--no-deps", "--require-hashes", "-r", lock]


def add_hnswlib(uv: str | None) -> str:
    """Builds it where it can be built; what it says goes into the stamp. Nothing here ends the set-up."""
    stamped = read_stamp().get("hnswlib", "")
    if hnswlib_is_right(stamped):
        return stamped
    without = "large caches are searched more slowly without it"
    tools = build_tools()
    if not tools:
        command = next((how for program, how in TOOLS_FROM.items() if shutil.which(program)), "")
        say(f"hnswlib is left out, for want of a C++ compiler or Python.h; {without}")
        say(f"  to have it, install them{command and f' ({command})'} and start again")
        return hnswlib_stamp("")
    say("building hnswlib, which takes half a minute once")
    portable = {"HNSWLIB_NO_NATIVE": "1"}  # the built file may be copied to another machine
    if uv and run([uv, "pip", "install", "-qq", *pinned(HNSWLIB), "--python", PYTHON], quiet=True, more=portable):
        return hnswlib_stamp("built")
    run([PYTHON, "-m", "ensurepip"], quiet=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *pinned(HNSWLIB)]
    if run(pip, quiet=True, more=portable):
        return hnswlib_stamp("built")
    say(f"hnswlib could not be built; {without}")
    say(f"  to see why: HNSWLIB_NO_NATIVE=1 {shlex.join(map(str, pip))}")
    return hnswlib_stamp(tools)


def hnswlib_is_right(stamped: str) -> bool:
    """Whether it is there, or was tried with what there is to build it with."""
    tools = build_tools()
    known = stamped.startswith(hnswlib_stamp(""))
    return stamped in (hnswlib_stamp("built"), hnswlib_stamp(tools)) or (known and not tools)


def hnswlib_stamp(state: str) -> str:
    return f"{hashlib.sha256(HNSWLIB.read_bytes()).hexdigest()} {state}"


def build_tools() -> str:
    """The compiler as it is now, or nothing when it or Python's headers are missing."""
    ordered = os.environ.get("CXX", "").split()[:1]
    compiler = next(filter(None, map(shutil.which, (*ordered, *COMPILERS))), None)
    if compiler is None or not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return ""
    compiler = os.path.realpath(compiler)
    return f"{compiler} {os.stat(compiler).st_mtime_ns}"


def finish(purpose: str, built: str) -> None:
    """Bytecode, our own packages on the path, the command, and the stamp."""
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))
    # Some packages carry files that no Python of today compiles, so failures say nothing.
    for folder in (site, *(ROOT / package for package in PACKAGES)):
        compileall.compile_dir(folder, maxlevels=20, quiet=2, workers=0)
    (site / "mitmgate-checkout.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "gatewayctl"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -P -m gatewayctl "$@"\n')
    command.chmod(0o755)
    half = STAMP.with_name("half-a-stamp")
    half.write_text(json.dumps(made_from("serve") | made_from(purpose) | {"hnswlib": built}, indent=1) + "\n")
    half.replace(STAMP)


def working_uv() -> str | None:
    """uv on the PATH, unless it lives in the environment that is to be replaced, or is a shim of nothing."""
    uv = shutil.which("uv")
    if uv is None or Path(uv).is_relative_to(VENV):
        return None
    return uv if run([uv, "--version"], quiet=True) else None


def run(command: Sequence[str | Path], quiet: bool = False, more: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Whether the command succeeded. It runs in the checkout: a pyproject.toml of the caller's folder is not ours."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    sink = subprocess.DEVNULL if quiet else sys.stderr
    try:
        done = subprocess.run(command, cwd=ROOT, env={**kept, "PIP_USER": "0", **more}, stdout=sink, stderr=sink)
    except FileNotFoundError:
        return False
    return done.returncode == 0


# They would send the installation elsewhere.
NOT_OURS = (
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_TARGET",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_TARGET",
)


def remove_venv() -> None:
    """The stamp goes first: what is left of a removal cut short must not look right."""
    STAMP.unlink(missing_ok=True)
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)


def say(step: str) -> None:
    print(f"mitmgate: {step}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--check", purpose, *base]:
            return 0 if is_right(purpose, *base) and hnswlib_is_right(read_stamp().get("hnswlib", "")) else 1
        case ["--check-packages", purpose, *base]:
            return 0 if is_right(purpose, *base) else 1
        case ["--finish", purpose, built]:
            finish(purpose, built)
        case [purpose]:
            make(purpose)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"mitmgate: cannot set up {VENV}: {error}")
