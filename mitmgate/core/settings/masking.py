"""Settings as they may be shown: everything but what is secret. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mitmgate.core.settings.model import SECTIONS, Settings, keys_of

MASK: Final = "***"
#: Secrets only in part: who connects where may be seen.
_URLS: Final = frozenset({"database.url", "redis.url"})
_URL: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<user>[^:@/?#]*)(?P<password>:[^@/?#]*)?@)?(?P<place>[^@?#:]*(?::[0-9]+)?(?:/[^@?#:]*)?"
    r"|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?(?:/[^@?#:]*)?)(?:\?(?P<query>[^@#]*))?"
)
_OPEN_PARAMETERS: Final = frozenset(
    {"application_name", "connect_timeout", "database", "dbname", "host", "port", "sslmode", "sslrootcert", "user"}
)


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Every setting by `section.key` as JSON has it; of secrets only that they are there."""
    return {
        f"{section}.{key}": _shown(f"{section}.{key}", getattr(getattr(settings, section), key), secret)
        for section, model in SECTIONS.items()
        for key, (_, secret) in keys_of(model).items()
    }


def masked_url(url: str) -> str:
    """A store's URL without its password; of one that is not clearly a URL only the scheme."""
    if url == "embedded":
        return url
    found = _URL.fullmatch(url)
    if found is None:
        scheme, colon, _ = url.partition("://")
        return f"{scheme}://{MASK}" if colon and scheme.isalpha() else MASK
    user, password = found["user"], found["password"]
    if user and not password and not url.startswith("postgres"):
        user = MASK  # redis://PASSWORD@host is a common slip
    credential = "" if user is None else f"{user}{f':{MASK}' if password else ''}@"
    query = "" if found["query"] is None else "?" + "&".join(map(_parameter, found["query"].split("&")))
    return f"{found['scheme']}://{credential}{found['place']}{query}"


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    return f"{name}={value if name in _OPEN_PARAMETERS else MASK}" if equals else MASK


def _shown(name: str, value: Any, secret: bool) -> Any:
    if name in _URLS:
        return masked_url(value)
    if secret:
        return [MASK] * len(value) if isinstance(value, tuple) else value and MASK
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
