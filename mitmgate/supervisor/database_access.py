"""The database of a gateway for a command beside it: a running one's, a stopped one's started meanwhile, a URL's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mitmgate.core.settings import Settings
from mitmgate.services.embedded import EmbeddedPostgres, EmbeddedServerError, locks
from mitmgate.supervisor.data_dir import DataDirectory
from mitmgate.supervisor.errors import CannotStart


@contextmanager
def open_database(settings: Settings, *, alone: bool) -> Iterator[str]:
    """The address of the database while the block runs; for the main thread. Raises CannotStart.

    alone: no gateway may run on the data directory meanwhile, and one that has no database yet is given one.
    """
    path, embedded = settings.data_dir, settings.database.url == "embedded"
    if not alone and not embedded:
        yield settings.database.url
        return
    server = EmbeddedPostgres(path / "postgres")
    if not alone:
        if not server.data.exists():
            raise CannotStart(f"{path} has no database; name the gateway's --data-dir, or its --config")
        if locks.is_held(path / "gateway.lock"):
            yield server.dsn
            return
    directory = DataDirectory(path)
    try:
        if not embedded:
            yield settings.database.url
            return
        try:
            server.start()
        except EmbeddedServerError as error:
            raise CannotStart(str(error)) from None
        yield server.dsn
    finally:
        server.stop()
        directory.release()
