"""The options that describe a tenant, and the API's fields they become."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from gatewayctl.durations import Duration
from mitmgate.core.credential_value import credential_value

FORMATS: Final = ("openai", "anthropic")
_OPTIONS: Final = (
    click.option("--upstream-key-env", metavar="VAR", help="Take the upstream's key from this environment variable."),
    click.option("--upstream-key-stdin", is_flag=True, help="Take the upstream's key from standard input."),
    click.option(
        "--upstream-auth-header", metavar="NAME", help="Header that carries the key, if not the format's own."
    ),
    click.option("--format", "upstream_format", type=click.Choice(FORMATS), help="What the upstream speaks."),
    click.option("--limit", type=click.IntRange(1), help="Requests an hour. [1,000 for a new tenant]"),
    click.option(
        "--allow-private/--no-allow-private", default=None, help="Upstreams on private addresses, and http://."
    ),
    click.option(
        "--model", "models", multiple=True, metavar="M", help="A model the tenant may use; repeat. Default: all."
    ),
    click.option("--default-model", metavar="M", help="For requests that name none."),
    click.option(
        "--alias", "aliases", multiple=True, metavar="A=B", help="Send model B when a client names A; repeat."
    ),
    click.option(
        "--cache-mode",
        type=click.Choice(("semantic", "shadow", "exact", "off")),
        help="Which repeated questions the cache answers; shadow: exact ones, and others are only compared.",
    ),
    click.option("--cache-ttl", type=Duration(1), metavar="D", help="How long an answer is kept, such as 12h."),
    click.option("--cache-max-bytes", type=click.IntRange(0), metavar="N", help="Bytes of answers kept."),
    click.option(
        "--cache-max-temperature", type=click.FloatRange(0, 2), metavar="T", help="Hotter requests are not cached."
    ),
    click.option(
        "--cache-threshold", type=click.FloatRange(0, 1), metavar="X", help="Lowest similarity of a hit in other words."
    ),
    click.option(
        "--cache-max-wrong", type=click.FloatRange(0, 1), metavar="X", help="Share of such hits that may be wrong."
    ),
    click.option(
        "--cache-audit-share",
        type=click.FloatRange(0, 1),
        metavar="X",
        help="Share of such hits that the upstream is asked for too, to compare; billed.",
    ),
    click.option(
        "--retries", type=click.IntRange(0, 10), metavar="N", help="Attempts after the first, on errors that allow it."
    ),
    click.option("--tag", "tags", multiple=True, metavar="K=V", help="A tag; repeat."),
)


def tenant_options[F: Callable[..., Any]](command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def fields_of(options: dict[str, Any], upstream_format: str) -> dict[str, Any]:
    """The request's fields, only of what was given. `upstream_format` decides the header of the upstream's key."""
    given: dict[str, Any] = {
        "upstream_format": options["upstream_format"],
        "rate_limit_per_hour": options["limit"],
        "allow_private_upstream": options["allow_private"],
        "allowed_models": list(options["models"]) or None,
        "default_model": options["default_model"],
        "model_aliases": dict(_pair(text, "--alias") for text in options["aliases"]) or None,
        "upstream_retries": options["retries"],
        "tags": ["=".join(_pair(text, "--tag")) for text in options["tags"]] or None,
        "upstream_auth": _upstream_auth(options, upstream_format),
        "cache": _present(
            mode=options["cache_mode"],
            ttl_s=options["cache_ttl"],
            max_bytes=options["cache_max_bytes"],
            max_temperature=options["cache_max_temperature"],
            threshold=options["cache_threshold"],
            max_wrong=options["cache_max_wrong"],
            audit_share=options["cache_audit_share"],
        )
        or None,
    }
    return _present(**given)


def _upstream_auth(options: dict[str, Any], upstream_format: str) -> dict[str, str] | None:
    key = _upstream_key(options["upstream_key_env"], options["upstream_key_stdin"])
    header = options["upstream_auth_header"]
    if key is None:
        if header is not None:
            raise click.UsageError("--upstream-auth-header needs --upstream-key-env or --upstream-key-stdin")
        return None
    header = header or ("x-api-key" if upstream_format == "anthropic" else "Authorization")
    try:
        return {"header": header, "value": credential_value(header, key)}
    except ValueError as problem:
        raise click.UsageError(f"the upstream's key: {problem}") from None


def _upstream_key(variable: str | None, from_stdin: bool) -> str | None:
    """The key: never an argument, which others on the machine could read."""
    if variable is not None and from_stdin:
        raise click.UsageError("give one of --upstream-key-env and --upstream-key-stdin")
    if variable is not None:
        key = os.environ.get(variable, "").strip()
        if not key:
            raise click.UsageError(f"the environment variable {variable} is not set")
        return key
    if not from_stdin:
        return None
    if sys.stdin.isatty():
        return str(click.prompt("Upstream key", hide_input=True, err=True)).strip()
    key = sys.stdin.read().strip()
    if not key:
        raise click.UsageError("standard input held no key")
    return key


def _pair(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise click.UsageError(f"{option} must look like a=b, not '{text}'")
    return name, value


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
