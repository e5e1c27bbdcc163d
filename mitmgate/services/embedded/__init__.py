"""PostgreSQL and Valkey as children of the gateway, from the programs that their wheels carry.

Both live below one folder each of the data directory, listen on a private Unix socket only, and end with the gateway.
"""

from mitmgate.services.embedded.errors import EmbeddedServerError
from mitmgate.services.embedded.postgres import EmbeddedPostgres
from mitmgate.services.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedPostgres", "EmbeddedServerError", "EmbeddedValkey"]
