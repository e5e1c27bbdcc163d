"""URLs of stores as an operator writes them: what may be told of one, which is never its password."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

_HIDDEN: Final = "***"
_SECRET_OPTIONS: Final = ("password", "sslpassword")


def check_url(url: str) -> None:
    """Raises ValueError for a URL whose password would be read as a host or path; parsers repeat it in their errors."""
    authority, has_user, _ = url.partition("://")[2].rpartition("@")
    if has_user and any(letter in authority for letter in "/?#"):
        raise ValueError("its user or password holds / ? or #, which must be percent-encoded (%2F %3F %23)")
    try:
        urlsplit(url)
    except ValueError:
        raise ValueError("it is not a URL; an IPv6 address stands in [ ]") from None


def place_of(url: str) -> str:
    """Host and port, or the socket's path: what to name a store by."""
    rest = url.partition("://")[2]
    place = rest.rpartition("@")[2].partition("?")[0]
    host, _, path = place.partition("/")
    named = parse_qs(url.partition("?")[2]).get("host", [""])[-1]
    return host or named or f"/{path}"


def without_password(text: str, url: str) -> str:
    """The text without the URL's password, in any form it may have been repeated in."""
    userinfo = url.partition("://")[2].rpartition("@")[0]
    written = [userinfo.partition(":")[2]]
    options = parse_qs(url.partition("?")[2])
    written += [value for name in _SECRET_OPTIONS for value in options.get(name, [])]
    forms = {form for each in written for form in (each, unquote(each)) if form}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _HIDDEN)
    return text
