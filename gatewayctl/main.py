"""The `gatewayctl` command: a group that imports a command only when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from gatewayctl.lazy import LazyGroup

# In the order of a first day.
_COMMANDS: Final = {
    "serve": ("gatewayctl.commands.serve:serve", "Run the gateway."),
    "tenants": ("gatewayctl.commands.tenants:tenants", "Create, show, change, block and delete tenants."),
    "keys": ("gatewayctl.commands.keys:keys", "Create, list and revoke a tenant's API keys."),
    "tokens": ("gatewayctl.commands.tokens:tokens", "Create, list and revoke admin tokens."),
    "upstreams": ("gatewayctl.commands.upstreams:upstreams", "Try whether a tenant's upstream answers."),
    "cache": ("gatewayctl.commands.cache:cache", "See, judge and remove cached answers."),
    "stats": ("gatewayctl.commands.stats:stats", "Requests, hits, latencies and tokens of tenants."),
    "logs": ("gatewayctl.commands.logs:logs", "Requests as they end, or one request's whole story."),
    "backup": ("gatewayctl.commands.backup:backup", "Write all that is kept to a file, while the gateway serves."),
    "restore": ("gatewayctl.commands.restore:restore", "Make a new gateway what a backup says."),
    "secrets": ("gatewayctl.commands.secrets:secrets", "Change the key that upstream credentials are sealed with."),
    "doctor": ("gatewayctl.commands.doctor:doctor", "Check this machine and the gateway, and say what to do."),
    "config": ("gatewayctl.commands.config:config", "Check and show the settings."),
    "mock-llm": ("gatewayctl.commands.mock_llm:mock_llm", "Run a small LLM server to try things with."),
    "completion": ("gatewayctl.commands.completion:completion", "Print what makes a shell complete commands."),
}


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from mitmgate import __version__

        click.echo(f"mitmgate {__version__}")
        context.exit()


@click.group(cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Print the version."
)
@click.option("--url", help="The gateway to talk to, for every command that does. [MITMGATE_URL]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Where the gateway stores its state and admin token. [MITMGATE_DATA_DIR]",
)
@click.option(
    "--cacert", type=click.Path(path_type=Path), help="PEM file of its certificate's authority. [MITMGATE_CA_FILE]"
)
@click.option("--token", help="Its admin token; better in MITMGATE_ADMIN_TOKEN, where others cannot see it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cli(**options: object) -> None:
    """mitmgate, a multi-tenant LLM gateway.

    Start a gateway with `serve`; the other commands talk to its admin API, here or on
    another machine (--url or MITMGATE_URL, with MITMGATE_ADMIN_TOKEN).

    \b
    Examples:
      gatewayctl serve --demo
      gatewayctl tenants create acme --backend https://api.openai.com \\
        --upstream-key-env OPENAI_API_KEY
      gatewayctl upstreams test acme
      gatewayctl stats acme --from 2026-01-01
      gatewayctl doctor

    \b
    Exit codes:
      0  done
      1  the server refused, or the command failed
      2  wrong usage
      3  cannot start (port or data directory taken, store unreachable, ...)
      4  the server is away
      5  not found
    130  interrupted, as --follow and --watch end
    """
