"""What of a changed config.yaml applies at once, and what has to wait for a restart."""

from __future__ import annotations

import ssl
from dataclasses import fields, replace
from typing import Final

from mitmgate.core.settings import Settings, Upstream
from mitmgate.core.settings.model import SECTIONS
from mitmgate.services.secrets import SecretsUnusable, load_secrets
from mitmgate.services.upstream_tls import upstream_tls
from mitmgate.supervisor.errors import CannotStart

# Listeners, workers, stores, the model and the indexes are made at the start; so are the hashes of keys. Each setting
# stands in one of the two, so that a new one is thought about.
NEEDS_RESTART: Final = frozenset(
    {
        "server.listen",
        "server.workers",
        "server.tls_cert",
        "server.tls_key",
        "database.url",
        "redis.url",
        "auth.pepper",
        "auth.old_peppers",
        "cache.embedder",
        "cache.model_path",
        "vectors.hnsw_from",
    }
)
APPLIES_AT_ONCE: Final = frozenset(
    {
        "auth.token_ttl_s",
        "auth.secrets",
        "server.trusted_proxies",
        "server.cors_origins",
        "limits.on_store_failure",
        "limits.block_after",
        "limits.max_body_bytes",
        "limits.max_upload_bytes",
        "limits.max_buffered_bytes",
        "limits.max_header_bytes",
        "limits.max_in_flight",
        "limits.body_s",
        "limits.tenant_share",
        "limits.max_connections_per_address",
        "cache.mode",
        "cache.ttl_s",
        "cache.max_bytes",
        "cache.total_max_bytes",
        "cache.max_wrong",
        "cache.audit_share",
        "cache.threshold",
        "cache.deadline_ms",
        "cache.partition_by",
        "cache.ignore_headers",
        "upstream.connect_s",
        "upstream.first_byte_s",
        "upstream.idle_s",
        "upstream.total_s",
        "upstream.retries",
        "upstream.retry_budget",
        "upstream.ca_file",
        "upstream.allowed_hosts",
        "upstream.resolve",
        "usage.retention_days",
        "usage.store_errors",
    }
)


def needs_restart(key: str) -> bool:
    """Whether a change of `section.key` waits for the next start; so does what nobody has classified."""
    return key not in APPLIES_AT_ONCE


def check_usable(settings: Settings) -> None:
    """Raises CannotStart for what only shows when it is used: then nothing of a reload applies, nowhere."""
    try:
        load_secrets(settings, settings.data_dir, create=False)
    except SecretsUnusable as error:
        raise CannotStart(str(error)) from None
    check_ca_file(settings.upstream)


def check_ca_file(upstream: Upstream) -> None:
    """Raises CannotStart when `upstream.ca_file` holds no certificates."""
    try:
        upstream_tls(upstream)
    except OSError as error:
        why = "holds no certificates in PEM" if isinstance(error, ssl.SSLError) else error.strerror
        raise CannotStart(f"upstream.ca_file: {upstream.ca_file}: {why}") from None


def reloaded(old: Settings, new: Settings) -> tuple[Settings, list[str], list[str]]:
    """The settings to run with from now, the keys that changed, and those whose change needs a restart."""
    changed, waiting = [], []
    sections = {}
    for section in SECTIONS:
        before, after = getattr(old, section), getattr(new, section)
        kept = {}
        for key in (each.name for each in fields(before)):
            if getattr(before, key) == getattr(after, key):
                continue
            if needs_restart(f"{section}.{key}"):
                kept[key] = getattr(before, key)
                waiting.append(f"{section}.{key}")
            else:
                changed.append(f"{section}.{key}")
        sections[section] = replace(after, **kept)
    return replace(old, **sections), changed, waiting
