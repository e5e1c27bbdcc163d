"""Makes the virtual environment `.venv` beside this checkout from its lock files, once.

    python environment.py serve|test                  makes it, or what it lacks; run by the base interpreter
    python environment.py --check serve|test [BASE]   exit status 0 when it is right; run by the environment's own
    python environment.py --finish serve|test         the last steps of making it; run by the environment's own

A stamp, written last, says from what it was made: so one that was cut short, or whose lock file has changed, is made
again. Starts that meet wait for each other. Needs nothing but the standard library.
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
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".made-from"
LOCKS = {"serve": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}  # test holds all of serve
PACKAGES = ("addons", "gatewayctl", "mitmgate")


def is_right(purpose: str, base: str = "") -> bool:
    """Whether this interpreter's environment is what would be made now (on that base interpreter, if one is named)."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    wanted = made_from("serve") | made_from(purpose)
    return base in ("", base_python()) and all(stamp.get(name) == value for name, value in wanted.items())


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
        if purpose == "test" and checked("serve", ordered):
            add_tests(uv)
        else:
            renew(uv, base, purpose)
        say("compiling bytecode")
        if not run([PYTHON, "-I", "-S", __file__, "--finish", purpose]):
            sys.exit(f"mitmgate: {PYTHON} does not run")
        say(f"set up in {time.monotonic() - begun:.0f} s")


def checked(purpose: str, base: str) -> bool:
    """Asks the environment's own interpreter, which may no longer run."""
    try:
        return run([PYTHON, "-I", "-S", __file__, "--check", purpose, base], quiet=True)
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
    return ["-qq", "--no-deps", "--require-hashes", "-r", LOCKS[purpose]]


def finish(purpose: str) -> None:
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
    half.write_text(json.dumps(made_from("serve") | made_from(purpose), indent=1) + "\n")
    half.replace(STAMP)


def working_uv() -> str | None:
    """uv on the PATH, unless it lives in the environment that is to be replaced, or is a shim of nothing."""
    uv = shutil.which("uv")
    if uv is None or Path(uv).is_relative_to(VENV):
        return None
    return uv if run([uv, "--version"], quiet=True) else None


def run(command: Sequence[str | Path], quiet: bool = False) -> bool:
    """Whether the command succeeded. It runs in the checkout: a pyproject.toml of the caller's folder is not ours."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    sink = subprocess.DEVNULL if quiet else sys.stderr
    try:
        done = subprocess.run(command, cwd=ROOT, env={**kept, "PIP_USER": "0"}, stdout=sink, stderr=sink)
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
            return 0 if is_right(purpose, *base) else 1
        case ["--finish", purpose]:
            finish(purpose)
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
