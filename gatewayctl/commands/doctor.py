"""`gatewayctl doctor`."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewayctl import render
from gatewayctl.doctor import gateway, machine, processes, storage
from gatewayctl.doctor import stores as store_servers
from gatewayctl.doctor.finding import OK, WRONG, Finding
from gatewayctl.session import DEFAULT_URL, Session, asks_server
from gatewayctl.text import plain

if TYPE_CHECKING:
    from mitmgate.core.settings import Settings


@click.command("doctor")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings; by default config.yaml here, if there is one."
)
@asks_server
def doctor(session: Session, config: Path | None) -> None:
    """Check this machine and the gateway, and say what to do.

    Looks at Python, the packages, the embedded servers' programs, the model, the settings,
    the data directory and the disk, open files, PostgreSQL and Valkey (secrets, clocks,
    memory), the ports, and the gateway's health, clock, accounting and admin token. It
    changes nothing and needs no running gateway. Each finding that is not ok comes with
    what mends it. Exit code 1 when something is wrong; warnings are not.

    \b
    Examples:
      gatewayctl doctor
      gatewayctl doctor --url https://gateway.example.com --json
    """
    settings, set_up = _set_up(session, config)
    findings = [machine.python(), machine.system(), machine.packages(), *set_up]
    named = session.client.url != DEFAULT_URL
    listen = None if settings is None else (settings.server.host, settings.server.port)
    findings += gateway.gateway(session.client, named, listen)
    wrong = sum(finding.state == WRONG for finding in findings)
    told = {"ok": not wrong, "findings": [dataclasses.asdict(finding) for finding in findings]}
    session.show(told, lambda: _print(findings, wrong))
    if wrong:
        raise SystemExit(1)


def _set_up(session: Session, config: Path | None) -> tuple[Settings | None, list[Finding]]:
    """What hangs on the settings: the embedded servers, and where the data is. -> the settings, if they can be read"""
    from mitmgate.core.settings import ConfigError, config_file, load_settings

    file = config_file(config)
    flags = {"data_dir": session.data_dir}
    try:
        settings = load_settings(file, os.environ, flags)
    except ConfigError as problem:
        lines = str(problem).splitlines()
        return None, [Finding("settings", WRONG, line, "Mend it; serve would not start.") for line in lines]
    urls = {"database.url": settings.database.url, "redis.url": settings.redis.url}
    where = f"from {file}" if file else "the defaults and the environment"
    return settings, [
        Finding("settings", OK, where),
        *machine.server_programs(urls),
        *machine.model(settings.cache.model_path),
        *storage.data_directory(settings.data_dir),
        *processes.open_files(settings.data_dir, settings.limits.max_in_flight),
        *store_servers.stores(settings),
    ]


def _print(findings: list[Finding], wrong: int) -> None:
    columns = (render.Column("State", keep=True), render.Column("Check", keep=True), render.Column("Found"))
    render.table(columns, [(each.state, plain(each.check), plain(each.seen)) for each in findings], empty="")
    for finding in findings:
        if finding.state != OK and finding.remedy:
            click.echo(f"\n{plain(finding.check)}: {plain(finding.seen)}\n  -> {plain(finding.remedy)}")
    click.echo(f"\n{wrong} thing(s) wrong." if wrong else "\nNothing is wrong.")
