"""Which Python run.sh takes. (That it makes an environment with it is shown by this very run.)"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]
OLD = "#!/bin/sh\necho 'is Python 3.11' >&2\nexit 1\n"
BROKEN = "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n"


def shim(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    folder.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def find(tmp_path: Path, *folders: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, [*folders, "/usr/bin", "/bin"]))
    return subprocess.run(
        ["/bin/sh", "-euc", f'. "{ROOT}/scripts/find-python.sh"; find_python'],
        env={"PATH": path, "HOME": str(tmp_path / "home"), "VENV": str(ROOT / ".venv"), **environ},
        capture_output=True,
        text=True,
    )


def test_old_pythons_and_broken_shims_are_passed_over(tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    for name, text in {"python3.13": BROKEN, "python3.12": OLD, "python3.14": BROKEN, "python3": OLD}.items():
        shim(shims, name, text)
    (shims / "python").symlink_to(BASE)
    assert find(tmp_path, shims).stdout.strip() == BASE


@pytest.mark.parametrize("place", [".pyenv/versions/3.13.9", ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu"])
def test_version_managers_folders_are_looked_into(tmp_path: Path, place: str) -> None:
    shims = tmp_path / "shims"
    for name in ("python3.12", "python3.13", "python3.14", "python3", "python"):
        shim(shims, name, BROKEN)
    python = tmp_path / "home" / place / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.symlink_to(BASE)
    assert find(tmp_path, shims).stdout.strip() == BASE


def test_environment_is_never_its_own_base(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([BASE, "-m", "venv", "--without-pip", venv], check=True)
    found = find(tmp_path, venv / "bin", VIRTUAL_ENV=str(venv))
    assert not found.stdout.startswith(str(tmp_path))
    assert find(tmp_path, MITMGATE_PYTHON=str(venv / "bin" / "python")).stdout.strip() == BASE


def test_order_is_an_order(tmp_path: Path) -> None:
    assert find(tmp_path, MITMGATE_PYTHON=BASE).stdout.strip() == BASE
    refused = find(tmp_path, Path(BASE).parent, MITMGATE_PYTHON=str(shim(tmp_path / "shims", "python3", OLD)))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "cannot be used (is Python 3.11)" in refused.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="on a Mac some folders are looked into whatever the PATH says")
def test_nothing_usable_says_what_was_tried_and_what_to_install(tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    shim(shims, "python3", BROKEN)
    found = find(tmp_path, shims)
    if found.returncode == 0:
        pytest.skip(f"this machine has {found.stdout.strip()} where every machine's is looked for")
    assert f"{shims}/python3 pyenv: python3: command not found" in found.stderr
    assert "MITMGATE_PYTHON=" in found.stderr
