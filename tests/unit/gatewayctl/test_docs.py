"""The pages stay true: their commands exist and take what they are given (tests/e2e runs them), their links lead
somewhere, each finding of the doctor is explained, and what is said of reloads is what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from gatewayctl.main import cli
from mitmgate.core.settings.model import SECTIONS
from mitmgate.supervisor.reloading import NEEDS_RESTART

ROOT = Path(__file__).parents[3]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "README.md"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


def commands() -> list[str]:
    """Every `gatewayctl …` of the pages, from blocks of shell and from running text."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        lines += re.findall(r"^    (gatewayctl .*)$", text, re.MULTILINE)
        lines += re.findall(r"`([^`\n]*gatewayctl [^`\n]*)`", text)
        found += [
            match[1] + " TENANT 1" * match[1].endswith("revoke")
            for line in lines
            if (match := re.search(r"gatewayctl ([a-z][^)|]*)", line))
        ]
    return sorted(set(found))


@pytest.mark.parametrize("line", commands())
def test_a_command_that_is_told_of_exists_and_takes_what_it_is_given(line: str) -> None:
    words = shlex.split(line)
    command: click.Command = cli
    context = click.Context(cli, info_name="gatewayctl")
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
    with command.make_context(command.name, words):  # parses, and refuses what it does not know
        pass


def test_there_are_commands_to_look_at() -> None:
    assert len(commands()) >= 10


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.parent.name + "/" + page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_finding_of_the_doctor_is_explained() -> None:
    explained = set(re.findall(r"`([^`]+)`", OPERATIONS.partition("## What the doctor finds")[2]))
    named = set()
    for module in (ROOT / "gatewayctl" / "doctor").glob("*.py"):
        text = module.read_text("utf-8")
        named |= set(re.findall(r'Finding\(\s*"([^"]+)"', text))
        named |= set(re.findall(r'check(?:, where)? = "([^"]+)"', text))
        named |= set(re.findall(r'skew\("([^"]+)"', text))
        named |= set(re.findall(r'^    "(\w+)": \($', text, re.MULTILINE))  # the parts that /health tells of
    assert {"PostgreSQL server", "Valkey's clock", "Valkey memory", "space", "database", "matcher"} <= named
    assert named <= explained, named - explained


def test_what_needs_a_restart_is_said() -> None:
    (said,) = re.findall(r"These need a restart: (.*?)\. All else", OPERATIONS, re.DOTALL)
    told = set(re.findall(r"`([a-z_.*]+)`", said))
    whole = {f"{section}.*" for section in SECTIONS} & told
    sections = {name.removesuffix(".*") for name in whole}
    assert (told - whole) == {key for key in NEEDS_RESTART if key.partition(".")[0] not in sections}
    assert all(key.partition(".")[0] in sections or key in told for key in NEEDS_RESTART)
