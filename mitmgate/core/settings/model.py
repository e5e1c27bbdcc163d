"""Every setting with its default. A key exists only once its feature does; config.yaml explains each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import orjson

from mitmgate.core.settings import kinds
from mitmgate.core.settings.kinds import GIB, KIB, MIB, Kind

MAX_WRONG: Final = 0.005  # of hits in other words, where nobody says otherwise
_DAY_S: Final = 86_400
_YEAR_S: Final = 365 * _DAY_S


def _setting[T](default: T | Callable[[], T], kind: Kind[T], *, secret: bool = False) -> T:
    """A dataclass field that knows its kind. A secret's value is never shown, in a message or a repr."""
    metadata = {"kind": kind, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


def _cores() -> int:
    usable = getattr(os, "process_cpu_count", os.cpu_count)()  # since 3.13: the ones we may run on
    return min(int(usable or 1), 256)


@dataclass(frozen=True, slots=True)
class Server:
    listen: str = _setting("127.0.0.1:8080", kinds.listen())
    workers: int = _setting(_cores, kinds.integer(1, 256))
    tls_cert: Path | None = _setting(None, kinds.optional(kinds.path()))
    tls_key: Path | None = _setting(None, kinds.optional(kinds.path()))
    trusted_proxies: tuple[str, ...] = _setting((), kinds.networks())
    cors_origins: tuple[str, ...] = _setting((), kinds.origins())

    @property
    def host(self) -> str:
        return kinds.split_host_port(self.listen)[0]

    @property
    def port(self) -> int:
        return kinds.split_host_port(self.listen)[1]


@dataclass(frozen=True, slots=True)
class Database:
    url: str = _setting("embedded", kinds.store_url("postgresql", "postgres"), secret=True)


@dataclass(frozen=True, slots=True)
class Redis:
    url: str = _setting("embedded", kinds.store_url("redis", "rediss", "unix"), secret=True)


@dataclass(frozen=True, slots=True)
class Auth:
    token_ttl_s: int = _setting(3600, kinds.integer(1, _YEAR_S))
    secrets: tuple[str, ...] = _setting((), kinds.secrets(), secret=True)
    pepper: str | None = _setting(None, kinds.optional(kinds.pepper()), secret=True)
    old_peppers: tuple[str, ...] = _setting((), kinds.peppers(), secret=True)


@dataclass(frozen=True, slots=True)
class Limits:
    on_store_failure: str = _setting("open", kinds.choice("open", "closed"))
    block_after: int = _setting(100, kinds.integer(0, 1_000_000))
    max_body_bytes: int = _setting(32 * MIB, kinds.size(1))
    max_upload_bytes: int = _setting(2 * GIB, kinds.size(1))
    max_buffered_bytes: int = _setting(512 * MIB, kinds.size(MIB))
    max_header_bytes: int = _setting(64 * KIB, kinds.size(KIB, 16 * MIB))
    body_s: float = _setting(300.0, kinds.number(1.0, _DAY_S))
    max_in_flight: int = _setting(1000, kinds.integer(1, 1_000_000))
    tenant_share: float = _setting(0.5, kinds.number(0.001, 1.0))
    max_connections_per_address: int | None = _setting(None, kinds.optional(kinds.integer(1, 1_000_000)))


@dataclass(frozen=True, slots=True)
class Cache:
    mode: str = _setting("semantic", kinds.choice("semantic", "shadow", "exact", "off"))
    ttl_s: int = _setting(_DAY_S, kinds.integer(1, 10 * _YEAR_S))
    max_bytes: int = _setting(256 * MIB, kinds.size(0))
    total_max_bytes: int | None = _setting(None, kinds.optional(kinds.size(0)))
    audit_share: float = _setting(0.0, kinds.number(0.0, 1.0))
    max_wrong: float = _setting(MAX_WRONG, kinds.number(0.0, 1.0))
    threshold: float | None = _setting(None, kinds.optional(kinds.number(0.0, 1.0)))
    deadline_ms: int = _setting(100, kinds.integer(1, 10_000))
    embedder: str = _setting("onnx", kinds.choice("onnx", "sentence-transformers"))
    model_path: Path | None = _setting(None, kinds.optional(kinds.path()))
    partition_by: str | None = _setting(None, kinds.optional(kinds.partition()))
    ignore_headers: tuple[str, ...] = _setting((), kinds.header_names())


@dataclass(frozen=True, slots=True)
class Vectors:
    hnsw_from: int = _setting(1000, kinds.integer(2, 100_000_000))


@dataclass(frozen=True, slots=True)
class Upstream:
    connect_s: float = _setting(5.0, kinds.number(0.01, _DAY_S))
    first_byte_s: float = _setting(60.0, kinds.number(0.01, _DAY_S))
    idle_s: float = _setting(60.0, kinds.number(0.01, _DAY_S))
    total_s: float = _setting(600.0, kinds.number(0.01, _DAY_S))
    retries: int = _setting(2, kinds.integer(0, 20))
    retry_budget: float = _setting(0.1, kinds.number(0.0, 1.0))
    ca_file: Path | None = _setting(None, kinds.optional(kinds.path()))
    allowed_hosts: tuple[str, ...] = _setting(("*",), kinds.host_patterns())
    resolve: Mapping[str, str] = _setting(dict, kinds.resolve_map())


@dataclass(frozen=True, slots=True)
class Usage:
    retention_days: int = _setting(90, kinds.integer(1, 36_500))
    store_errors: bool = _setting(True, kinds.boolean())


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings. data_dir, demo and config_path come from flags or environment, never from the file.

    demo: True and False as asked for; None leaves it to the rules of the start.
    """

    data_dir: Path
    server: Server = field(default_factory=Server)
    database: Database = field(default_factory=Database)
    redis: Redis = field(default_factory=Redis)
    auth: Auth = field(default_factory=Auth)
    limits: Limits = field(default_factory=Limits)
    cache: Cache = field(default_factory=Cache)
    vectors: Vectors = field(default_factory=Vectors)
    upstream: Upstream = field(default_factory=Upstream)
    usage: Usage = field(default_factory=Usage)
    demo: bool | None = None
    config_path: Path | None = None

    def to_json(self) -> bytes:
        return orjson.dumps(self, default=str)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Settings:
        """From what to_json holds, parsed. Raises ValueError or KeyError where it is not that."""
        sections = {name: build(section, values[name]) for name, section in SECTIONS.items()}
        config_path = values["config_path"]
        return cls(
            data_dir=Path(values["data_dir"]),
            demo=values["demo"],
            config_path=None if config_path is None else Path(config_path),
            **sections,
        )


SECTIONS: Final[Mapping[str, type]] = {
    "server": Server,
    "database": Database,
    "redis": Redis,
    "auth": Auth,
    "limits": Limits,
    "cache": Cache,
    "vectors": Vectors,
    "upstream": Upstream,
    "usage": Usage,
}


def keys_of(section: type) -> dict[str, tuple[Kind[Any], bool]]:
    """The section's keys: each its kind and whether it is a secret."""
    return {key.name: (key.metadata["kind"], key.metadata["secret"]) for key in fields(section)}


def build(section: type, values: Mapping[str, object]) -> Any:
    """The section from values as JSON has them. Raises ValueError."""
    known = keys_of(section)
    return section(**{name: known[name][0].parse(value) for name, value in values.items()})
