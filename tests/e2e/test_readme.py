"""README.md stays true: its sessions are typed into a shell, its programs run, its tables compared with the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from gatewayctl.main import cli
from mitmgate.core.settings.model import SECTIONS, keys_of
from tests.e2e.served import ROOT, Served

README = (ROOT / "README.md").read_text("utf-8")
SHOWN_URL, SHOWN_MOCK, SHOWN_DATA = "http://127.0.0.1:8080", "127.0.0.1:9000", "/home/ada/.local/state/mitmgate"
DONE = "the command has ended with"
READ_AGAIN_S = 30.0  # what only looks is asked again until rows have arrived


def blocks(kind: str) -> list[str]:
    """The texts of README's fenced blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def steps(session: str) -> Iterator[tuple[str, list[str]]]:
    """A session's commands, each with the lines that it is shown to print."""
    command: list[str] = []
    shown: list[str] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), shown
            command, shown = [line[2:]], []
        elif command[-1].endswith("\\") or (command[0].endswith("\\") and not shown and line.startswith("    ")):
            command.append(line)
        else:
            shown.append(line)
    yield "\n".join(command), shown


def pattern(line: str) -> str:
    """What a shown line stands for: … for anything, a number for any number, columns for columns. A status is meant."""
    if line.startswith("HTTP/"):
        return re.escape(line)
    line = re.sub(r"mg_\w+", "…", line)
    line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", line)
    line = re.sub(r"[\d.,]+ ms\b", "◊ms", line)
    line = re.sub(r"\d[\d.,:]*", "◊", line)
    pieces = re.split(r"(…|◊ms|◊|\s+)", line)
    meant = {"…": ".*", "◊ms": r"[\d.,]+ m?s", "◊": r"[\d.,:]+"}
    return "".join(r"\s+" if piece.isspace() else meant.get(piece, re.escape(piece)) for piece in pieces if piece)


def missing(shown: list[str], printed: str) -> str | None:
    """The first shown line that was not printed in its place; None when all were. A line of … alone skips any."""
    left = iter(printed.splitlines())
    for line in shown:
        if line.strip() in ("", "…"):
            continue
        wanted = re.compile(rf"\s*{pattern(line.strip())}\s*")
        if not any(wanted.fullmatch(each) for each in left):
            return line
    return None


class Shell:
    """One bash for all sessions, so that what a reader has set stays set."""

    def __init__(self, folder: Path, served: Served, mock: str) -> None:
        self._served, self._mock = served, mock
        keys = {"OPENAI_API_KEY": "sk-of-the-test", "ANTHROPIC_API_KEY": "sk-ant-of-the-test"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={
                **os.environ,
                **keys,
                "PATH": path,
                "MITMGATE_URL": served.url,
                "MITMGATE_DATA_DIR": str(served.data_dir),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def translated(self, text: str) -> str:
        """README's addresses as this gateway's."""
        text = text.replace(SHOWN_URL, self._served.url).replace(SHOWN_MOCK, self._mock)
        return text.replace(SHOWN_DATA, str(self._served.data_dir))

    def run(self, command: str) -> tuple[str, int]:
        """-> what it printed, and its exit code"""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{self.translated(command)}\necho; echo {DONE} $?\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(DONE):
                return "".join(printed), int(line.removeprefix(DONE))
            printed.append(line)
        raise AssertionError(f"the shell has ended: {''.join(printed)}")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="mitmgate-test-") as folder:
        Path(folder).chmod(0o711)
        (data_dir := Path(folder) / "state").mkdir()
        with Served(
            data_dir, "--demo", workers=2, env={"MITMGATE_ADMIN_TOKEN": ""}
        ) as served:  # as a reader's: from the file
            yield served.wait_ready()


@pytest.fixture(scope="module")
def shell(gateway: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("README's sessions are bash and curl")
    gateway.wait_said("mock LLM on http://")
    found = re.search(r"mock LLM on http://(\S+)", gateway.output())
    assert found is not None
    shell = Shell(tmp_path_factory.mktemp("reader"), gateway, found[1])
    yield shell
    shell.close()


def test_the_sessions_print_what_readme_shows(shell: Shell, gateway: Served) -> None:
    asked = 0
    for session in blocks("console"):
        for command, shown in steps(session):
            expected = [shell.translated(line) for line in shown]
            if "./run.sh" in command:  # the fixture has started it; tests of run.sh are elsewhere
                banner = [line for line in expected if not line.startswith("mitmgate: ")]
                assert missing(banner, gateway.output()) is None, gateway.output()
                continue
            asked += 1
            looks = command.startswith("gatewayctl") and re.search(r" (list|show|stats|logs)\b", command) is not None
            deadline = time.monotonic() + READ_AGAIN_S
            while True:
                printed, code = shell.run(command)
                if (absent := missing(expected, printed)) is None or not looks or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
            assert code == 0, f"{command}\n{printed}"
            assert absent is None, f"$ {command}\n{printed}\nREADME shows: {absent}"
    assert asked > 10


def test_commands_outside_sessions_run(shell: Shell) -> None:
    commands = [block for block in blocks("sh") if "./run.sh" not in block]
    assert commands
    for command in commands:
        printed, code = shell.run(command)
        assert code == 0, printed
        assert printed.count("Made tenant") == command.count("tenants create"), printed


def test_the_programs_run(shell: Shell) -> None:
    programs = blocks("python")
    assert programs
    for program in programs:
        ran = subprocess.run(
            [sys.executable, "-c", shell.translated(program)], capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines() == ["2 + 2 = 4."] * program.count("print("), ran.stdout


def test_every_setting_is_in_the_table_and_no_other() -> None:
    listed = {
        name
        for row in re.findall(r"^\| (`[a-z]+\..*?) \|", README, re.MULTILINE)
        for name in re.findall(r"`(.*?)`", row)
    }
    assert listed == {f"{section}.{key}" for section, model in SECTIONS.items() for key in keys_of(model)}


def test_every_command_is_in_the_table_and_no_other() -> None:
    table = README.partition("| `gatewayctl …` |")[2].partition("\n\n")[0]
    cells = [cell for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for cell in re.findall(r"`(.*?)`", row)]
    listed = {re.match(r"[a-z -]*[a-z]", cell)[0] for cell in cells if " …" not in cell}  # type: ignore[index]
    assert listed == set(commands_of(cli))


def commands_of(group: Any, prefix: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "bench/README.md", "docs/architecture.md"])
def test_files_that_are_named_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(((?!http).*?)\)", text)]
    absent = [link for link in links if link and not ((ROOT / page).parent / link).exists()]
    named = re.findall(r"`((?:addons|bench|gatewayctl|migrations|mitmgate|tests)/[\w./-]*)`", text)
    absent += [path for path in named if not (ROOT / path).exists()]
    assert not absent
