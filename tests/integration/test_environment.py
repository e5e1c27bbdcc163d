"""What becomes of hnswlib at the set-up: built where it can be, tried again when there is something new to try."""

from __future__ import annotations

import json
import os
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "environment.py"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script's functions; what they run is noted instead, and the tools are what `tools` says."""
    names: dict[str, Any] = runpy.run_path(str(SCRIPT), run_name="environment")
    ran: list[list[str]] = []
    shared = names["add_hnswlib"].__globals__
    script = SimpleNamespace(names=names, ran=ran, tools="", builds=True)

    def run(command: list[Any], quiet: bool = False, more: Any = None) -> bool:
        ran.append([*map(str, command)])
        assert "ensurepip" in command or more == {"HNSWLIB_NO_NATIVE": "1"}
        return bool(script.builds)

    shared.update(run=run, build_tools=lambda: script.tools, STAMP=tmp_path / "stamp")
    return script


def add(script: Any, tmp_path: Path) -> str:
    said: str = script.names["add_hnswlib"]("uv")
    (tmp_path / "stamp").write_text(json.dumps({"hnswlib": said}))
    return said


def test_without_a_compiler_it_is_left_out_until_there_is_one(script: Any, tmp_path: Path, capfd: Any) -> None:
    right: Callable[[str], bool] = script.names["hnswlib_is_right"]
    assert not right("")
    left_out = add(script, tmp_path)
    assert right(left_out) and not script.ran
    assert "install them" in capfd.readouterr().err
    assert add(script, tmp_path) == left_out
    assert capfd.readouterr().err == ""  # said once
    script.tools = "/usr/bin/g++ 1"
    assert not right(left_out)
    built = add(script, tmp_path)
    assert right(built) and len(script.ran) == 1
    script.tools = "/usr/bin/g++ 2"
    assert right(built)


def test_a_build_that_fails_is_said_and_tried_again_with_other_tools(script: Any, tmp_path: Path, capfd: Any) -> None:
    right: Callable[[str], bool] = script.names["hnswlib_is_right"]
    script.tools, script.builds = "/usr/bin/g++ 1", False
    failed = add(script, tmp_path)
    assert "could not be built" in capfd.readouterr().err
    assert right(failed)
    script.tools = ""
    assert right(failed)
    script.tools = "/usr/bin/g++ 2"
    assert not right(failed)


def test_tools_are_a_compiler_and_the_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = runpy.run_path(str(SCRIPT), run_name="environment")["build_tools"]
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "include"))
    assert tools() == ""
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    assert tools() == ""
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "Python.h").touch()
    assert tools().startswith(os.path.realpath(compiler))
