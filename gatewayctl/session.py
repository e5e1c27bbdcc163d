"""What every command that asks the server shares: its options, the client they make, and the question before a loss."""

from __future__ import annotations

import functools
import ipaddress
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from gatewayctl import render
from gatewayctl.before import or_before
from gatewayctl.client import AdminClient, port_of
from gatewayctl.running import elsewhere, running_at, running_on
from gatewayctl.trust import Trust, ways_to_trust
from mitmgate.core.settings.loading import default_data_dir

DEFAULT_URL: Final = "http://127.0.0.1:8080"


class NobodyToAsk(click.ClickException):
    """A question came up and nobody is there to answer it."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Session:
    """A command's way to the server, and whether it is to print JSON."""

    client: AdminClient
    as_json: bool
    data_dir: Path | None = None

    def show(self, answer: Any, for_people: Callable[[], None]) -> None:
        """Prints the server's answer as JSON, or what a person is to see."""
        if self.as_json:
            render.document(answer)
        else:
            for_people()

    def show_list(
        self,
        items: Sequence[Any],
        for_people: Callable[[], None],
        *,
        paged: bool = False,
        next_cursor: str | None = None,
    ) -> None:
        """Prints a list, as JSON always `{"data": [...]}`; `paged` for those whose rest next_cursor would give."""
        self.show({"data": items, **({"next_cursor": next_cursor} if paged else {})}, for_people)


def asks_server(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --url, --token, --data-dir, --cacert and --json to a command and passes it a Session."""

    @click.option("--url", help="The gateway. [MITMGATE_URL; default: the one that runs here]")
    @click.option("--token", help="Admin token; better in MITMGATE_ADMIN_TOKEN, where others cannot see it.")
    @click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Where it keeps its state and admin token. [MITMGATE_DATA_DIR]",
    )
    @click.option(
        "--cacert", type=click.Path(path_type=Path), help="PEM file of its certificate's authority. [MITMGATE_CA_FILE]"
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
    @functools.wraps(command)
    def asking(
        url: str | None, token: str | None, data_dir: Path | None, cacert: Path | None, as_json: bool, **options: Any
    ) -> None:
        folder = or_before(data_dir, "data_dir")
        client = connect(
            or_before(url, "url"), or_before(token, "token"), folder, os.environ, or_before(cacert, "cacert")
        )
        try:
            command(Session(client, or_before(as_json, "as_json"), folder), **options)
        finally:
            client.close()

    return asking


def connect(
    url: str | None,
    token: str | None,
    data_dir: Path | None,
    environ: Mapping[str, str],
    ca_file: Path | None = None,
) -> AdminClient:
    """The client of that gateway. Options win over the environment, the environment over files.

    Without a URL it is the gateway that runs on the data directory, else the one at DEFAULT_URL.
    """
    named = data_dir or (Path(environ["MITMGATE_DATA_DIR"]) if environ.get("MITMGATE_DATA_DIR") else None)
    folder = (named or default_data_dir(environ)).expanduser()
    asked = url or environ.get("MITMGATE_URL")
    running = running_on(folder)
    url = _checked(asked or (running.url if running is not None else DEFAULT_URL))
    here = _is_here(url)
    port = port_of(url)
    trusts: Sequence[Trust] = ()
    if url.startswith("https:"):
        ca_file = ca_file or (Path(environ["MITMGATE_CA_FILE"]) if environ.get("MITMGATE_CA_FILE") else None)
        if here and (running is None or running.port != port):
            running = running_at(port)
        trusts = ways_to_trust(ca_file, running if here else None)

    def hint() -> str:
        return elsewhere(folder, port if asked else None) if here else ""

    def client(token: str | None, no_token: str = "") -> AdminClient:
        return AdminClient(url, token, no_token, trusts=trusts, hint=hint)

    token = token or environ.get("MITMGATE_ADMIN_TOKEN")
    if token:
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise click.UsageError("the admin token holds characters that no token has")
        return client(token)
    if named is None and not here:
        return client(None, "set MITMGATE_ADMIN_TOKEN (a local token file is not sent to another machine)")
    path = folder / "admin-token"
    try:
        return client(path.read_text("ascii").strip() or None, f"{path} is empty")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "not a token"
        return client(None, f"set MITMGATE_ADMIN_TOKEN or name the --data-dir ({path}: {why})")


def confirm(question: str, yes: bool) -> None:
    """Returns when the person agrees. Without a terminal to ask on, only --yes agrees."""
    if yes:
        return
    if not is_terminal():
        raise NobodyToAsk("this cannot be undone and there is no terminal to ask on; say --yes")
    click.confirm(question, abort=True, err=True)


def is_terminal() -> bool:
    return sys.stdin.isatty()


def _checked(url: str) -> str:
    full = (url if "://" in url else f"http://{url}").rstrip("/")
    try:
        parts = urlsplit(full)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good or not full.isascii() or not full.isprintable() or " " in full:
        raise click.UsageError("--url must be http(s)://host[:port]")
    return full


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
