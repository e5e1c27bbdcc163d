"""`gatewayctl backup`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gatewayctl import render
from gatewayctl.backups import contents, summary
from gatewayctl.before import or_before
from gatewayctl.local import CannotBeUsed, of_gateway
from gatewayctl.text import number
from mitmgate.core.settings import Settings
from mitmgate.services.backup.archive import BackupUnusable, BackupWriter, Manifest


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-secrets", is_flag=True, help="Put pepper, master key and JWT secrets in, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what is in it as JSON.")
@of_gateway
def backup(settings: Settings, file: Path, with_secrets: bool, as_json: bool) -> None:
    """Write tenants, keys, usage and the audit log to a file, as they are at this moment.

    Works beside a running gateway and on a stopped one, on its own PostgreSQL and on
    one named by database.url. Stored answers are not in it. API keys are in it as
    hashes and upstream credentials encrypted, so they are of use only together with the
    gateway's pepper and master key: keep those, or say --with-secrets and keep the file
    as you would keep them.

    \b
    Examples:
      gatewayctl backup mitmgate-monday.zip
      gatewayctl backup --with-secrets --data-dir /var/lib/mitmgate whole.zip
    """
    from mitmgate.services.migrations import DatabaseUnusable
    from mitmgate.services.secrets import SecretsUnusable
    from mitmgate.supervisor.database_access import open_database
    from mitmgate.supervisor.errors import CannotStart

    as_json = or_before(as_json, "as_json")
    try:
        with open_database(settings, alone=False) as dsn:
            manifest = asyncio.run(_write(settings, dsn, file, with_secrets))
    except (BackupUnusable, SecretsUnusable) as error:
        raise click.ClickException(str(error)) from None
    except (CannotStart, DatabaseUnusable) as error:
        raise CannotBeUsed(str(error)) from None
    if as_json:
        render.document(summary(manifest))
        return
    click.echo(f"Wrote {file} ({number(file.stat().st_size)} bytes): {contents(manifest)}.")
    if with_secrets:
        click.echo("The gateway's secrets are in it: whoever has the file has the gateway.")
    else:
        click.echo(
            "Its pepper and master key are not: without them no API key of it is accepted and no credential opens."
        )


async def _write(settings: Settings, dsn: str, file: Path, with_secrets: bool) -> Manifest:
    from mitmgate.services.backup.dump import count_rows, dump
    from mitmgate.services.postgres import close_connection, reach_database, telling
    from mitmgate.services.secret_files import secrets_beside, secrets_document

    secrets = secrets_document(secrets_beside(settings)) if with_secrets else None
    connection = await reach_database(dsn, name="backup of mitmgate")
    try:
        with telling(dsn):
            rows = await count_rows(connection)
            with BackupWriter(file) as writer, render.progress("rows", rows) as told:
                return await dump(connection, writer, secrets, lambda _, more: told(more))
    finally:
        await close_connection(connection)
