"""The gateway's own secrets: from the environment or the settings, else from files that the first start makes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets as random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mitmgate.core.keys import make_admin_token
from mitmgate.core.settings import Settings
from mitmgate.core.settings.kinds import split_secret

ADMIN_TOKEN: Final = "MITMGATE_ADMIN_TOKEN"  # noqa: S105  # a variable's name
MASTER_KEY: Final = "MITMGATE_MASTER_KEY"
_KEY_BYTES: Final = 32
_MIN_TOKEN: Final = 8


class SecretsUnusable(Exception):
    """A secret is missing, malformed or readable by others. The text says what to do and never holds the secret."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """pepper: of the API keys' hashes; old_peppers: of keys that were made under them and are still accepted.
    master_keys: AES-256 keys by id, the first seals. jwt_secrets: by kid, the first signs. admin_token: the
    operator's."""

    pepper: bytes = field(repr=False)
    master_keys: Mapping[str, bytes] = field(repr=False)
    jwt_secrets: Mapping[str, bytes] = field(repr=False)
    admin_token: str = field(repr=False)
    old_peppers: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def peppers(self) -> tuple[bytes, ...]:
        """All that are accepted; the first makes hashes."""
        return self.pepper, *self.old_peppers


def load_secrets(settings: Settings, data_dir: Path, create: bool, environ: Mapping[str, str] | None = None) -> Secrets:
    """All secrets; with `create`, those that nobody gave and no file holds yet are made. Raises SecretsUnusable."""
    environ = os.environ if environ is None else environ
    folder = data_dir / "secrets"
    if create:
        make_folder(folder)

    def stored(path: Path, make: Callable[[], str]) -> str:
        return _read(path) if path.exists() or not create else write_secret(path, make())

    pepper = settings.auth.pepper or stored(folder / "pepper", _random)
    master_key = environ.get(MASTER_KEY) or stored(folder / "master-key", _random)
    jwt_secrets = settings.auth.secrets or stored(folder / "jwt-secrets", _random).split()
    admin_token = environ.get(ADMIN_TOKEN) or stored(data_dir / "admin-token", make_admin_token)
    _check_admin_token(admin_token)
    old_peppers = tuple(each.encode() for each in settings.auth.old_peppers if each != pepper)
    return Secrets(pepper.encode(), _master_keys(master_key), _jwt_secrets(jwt_secrets), admin_token, old_peppers)


def check_given(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with the secrets that the environment gives: (variable, why)."""
    problems = []
    for variable, check in ((MASTER_KEY, _master_keys), (ADMIN_TOKEN, _check_admin_token)):
        if given := environ.get(variable):
            try:
                check(given)
            except SecretsUnusable as problem:
                problems.append((variable, str(problem)))
    return problems


def _check_admin_token(token: str) -> None:
    if len(token) < _MIN_TOKEN or not (token.isascii() and token.isprintable()):
        raise SecretsUnusable(f"the admin token must be {_MIN_TOKEN} or more printable ASCII characters")


def _random() -> str:
    return base64.b64encode(random.token_bytes(_KEY_BYTES)).decode()


def _name_of(secret: bytes) -> str:
    """A stable id for a secret nobody named: 32 bits of its hash, which say nothing about 256 random ones."""
    return hashlib.sha256(b"mitmgate key id\0" + secret).hexdigest()[:8]


def _master_keys(text: str) -> dict[str, bytes]:
    """base64 keys with white space or commas between; the first seals, the others open what they sealed."""
    keys = {}
    for each in text.replace(",", " ").split():
        try:
            key = base64.b64decode(each, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise SecretsUnusable(f"the master key must be {_KEY_BYTES} bytes in base64 (openssl rand -base64 32)")
        keys[_name_of(key)] = key
    if not keys:
        raise SecretsUnusable(f"{MASTER_KEY} is empty")
    return keys


def _jwt_secrets(items: tuple[str, ...] | list[str]) -> dict[str, bytes]:
    named = [(kid or _name_of(secret.encode()), secret.encode()) for kid, secret in map(split_secret, items)]
    if not named or len(dict(named)) != len(named):
        raise SecretsUnusable("auth.secrets needs one secret or more, each with a name of its own")
    return dict(named)


def make_folder(folder: Path) -> None:
    """A folder that nobody else may enter. Raises SecretsUnusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SecretsUnusable(f"{folder}: {error.strerror}") from None


def _read(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SecretsUnusable(f"{path} is missing; `gatewayctl serve` makes it at its first start") from None
    except OSError as error:
        raise SecretsUnusable(f"{path}: {error.strerror}") from None
    with open(descriptor, encoding="utf-8", errors="replace") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise SecretsUnusable(f"{path} can be read by others: chmod 600 {path}")
        content = file.read().strip()
    if not content:
        raise SecretsUnusable(f"{path} is empty; restore it from a backup")
    return content


def write_secret(path: Path, content: str) -> str:
    """Whole or not at all, and never readable by others in between."""
    half = path.with_name(f".{path.name}.{os.getpid()}.{random.token_hex(4)}")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(descriptor)
        half.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise SecretsUnusable(f"{path}: {error.strerror}") from None
    return content
