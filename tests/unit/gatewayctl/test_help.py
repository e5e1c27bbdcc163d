"""The help that a person learns from, and what a shell completes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete

from gatewayctl.main import cli

ROOT = Path(__file__).parents[3]


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every(below, (*path, name))


COMMANDS = dict(every(cli))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_and_says_what_it_does(path: tuple[str, ...]) -> None:
    said = COMMANDS[path].help or ""
    assert said.split("\n")[0].endswith((".", ":")), said
    examples = re.split(r"Examples?:", said)[-1]
    wanted = " ".join(("gatewayctl", *path))
    assert wanted in examples, f"no example of {wanted}"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts}"


def test_exit_codes_are_listed_in_one_place(run: Any) -> None:
    assert [path for path, command in COMMANDS.items() if "Exit codes:" in (command.help or "")] == [()]
    assert run("--help").stdout.index("serve ") < run("--help").stdout.index("tenants ")


def completed(*words: str, incomplete: str = "") -> list[str]:
    found = ShellComplete(cli, {}, "gatewayctl", "_GATEWAYCTL_COMPLETE").get_completions(list(words), incomplete)
    return [item.value for item in found]


def test_commands_options_and_tenants_are_completed(run: Any, admin: Any) -> None:
    admin.page = 10
    assert completed(incomplete="te") == ["tenants"]
    assert "--model" in completed("upstreams", "test", "acme", incomplete="--")
    assert completed("tenants", "show", incomplete="a") == ["acme"]
    assert completed("stats", incomplete="i") == ["idle"]
    assert completed("logs", "--tenant", incomplete="i") == ["idle"]
    of_tenants = [
        (command, param) for command in COMMANDS.values() for param in command.params if param.name == "tenant"
    ]
    names = [
        [item.value for item in param.shell_complete(click.Context(command), "i")] for command, param in of_tenants
    ]
    assert names == [["idle"]] * len(of_tenants)
    assert completed("--url", admin.url, "keys", "list", incomplete="z") == ["zoo"]


def test_no_gateway_completes_to_nothing(run: Any, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITMGATE_URL", f"http://127.0.0.1:{free_port}")
    assert completed("tenants", "show", incomplete="a") == []
    monkeypatch.setenv("MITMGATE_URL", "not a url at all")
    assert completed("tenants", "show", incomplete="a") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(run: Any, shell: str) -> None:
    ended = run("completion", shell)
    assert ended.exit_code == 0 and "_GATEWAYCTL_COMPLETE" in ended.stdout
    program = shutil.which(shell)
    if program is not None:
        subprocess.run([program, "-n"], input=ended.stdout, text=True, check=True, timeout=30)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_completes_with_it(run: Any, admin: Any, tmp_path: Path) -> None:
    program = tmp_path / "gatewayctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m gatewayctl "$@"\n')
    program.chmod(0o755)
    script = run("completion", "bash").stdout
    ask = "COMP_WORDS=(gatewayctl tenants show ac); COMP_CWORD=3; _gatewayctl_completion gatewayctl"
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", f'{script}\n{ask}; echo "${{COMPREPLY[@]}}"'],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout.split() == ["acme"], ended.stderr
