"""The gateway's own secrets as a backup carries them, and back into the files of a data directory."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mitmgate.core.settings import Settings
from mitmgate.services.secrets import ADMIN_TOKEN, Secrets, SecretsUnusable, load_secrets, make_folder, write_secret

_PLACES: Final = {
    "pepper": "secrets/pepper",
    "master_keys": "secrets/master-key",
    "jwt_secrets": "secrets/jwt-secrets",
}


def secrets_beside(settings: Settings) -> Secrets:
    """Those that `serve` would have with these settings and this environment. Raises SecretsUnusable.

    But for the admin token, which is nothing that the database knows: a restored gateway makes one of its own.
    """
    return load_secrets(settings, settings.data_dir, create=False, environ={**os.environ, ADMIN_TOKEN: "not asked for"})


def secrets_document(secrets: Secrets) -> dict[str, str]:
    """Pepper, master keys and JWT secrets as the files have them."""
    return {
        "pepper": secrets.pepper.decode(),
        "master_keys": "\n".join(base64.b64encode(key).decode() for key in secrets.master_keys.values()),
        "jwt_secrets": "\n".join(f"{kid}:{secret.decode()}" for kid, secret in secrets.jwt_secrets.items()),
    }


def install_secrets(data_dir: Path, document: Mapping[str, Any], *, replace: bool) -> list[Path]:
    """Writes the files that are not there, or all. -> those written. Raises SecretsUnusable."""
    if any(not isinstance(document.get(name), str) for name in _PLACES):
        raise SecretsUnusable("the backup's secrets are not what a gateway has")
    make_folder(data_dir / "secrets")
    written = []
    for name, place in _PLACES.items():
        path = data_dir / place
        if replace or not path.exists():
            write_secret(path, document[name])
            written.append(path)
    return written
