"""What the commands for keys share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from gatewayctl.text import cell, instant

SCOPES: Final = ("chat", "embeddings", "models", "feedback", "any")


def show_warnings(answer: Mapping[str, Any]) -> None:
    """Prints what the server finds odd in what was asked for."""
    for warning in answer.get("warnings") or ():
        click.echo(f"Warning: {cell(warning)}", err=True)


def key_state(key: Mapping[str, Any]) -> str:
    """Whether a key is accepted, in a few words."""
    state = cell(key["status"])
    if state == "active" and key.get("blocked_until"):
        return f"blocked until {instant(key['blocked_until'])[11:]}"
    if state == "active" and key.get("replaced_at"):
        return "replaced"
    return state
