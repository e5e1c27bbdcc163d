"""What is in a backup, as `backup` and `restore` tell it."""

from __future__ import annotations

from gatewayctl.text import number
from mitmgate.services.backup.archive import Manifest


def contents(manifest: Manifest) -> str:
    """In words."""
    named = (("tenants", "tenants"), ("api_keys", "keys"), ("usage", "requests"), ("audit_log", "changes"))
    return ", ".join(f"{number(manifest.rows_of(table))} {word}" for table, word in named)


def summary(manifest: Manifest) -> dict[str, object]:
    """The same for programs."""
    return {
        "taken_at": manifest.taken_at,
        "made_by": manifest.made_by,
        "schema_version": manifest.schema_version,
        "has_secrets": manifest.has_secrets,
        "rows": {part.table: part.rows for part in manifest.parts},
    }
