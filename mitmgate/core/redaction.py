"""The upstream's credential in an upstream's own answer: covered before the client, or the cache, gets it. Pure.

What covers it is as long as it was, so lengths that were announced stay right.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Final

_LEAST_SECRET_BYTES: Final = 8
_COVER: Final = b"*"


def secret_forms(value: bytes) -> tuple[bytes, ...]:
    """What of a credential header's value must not be seen, in every spelling an answer may have it in.

    The value without its scheme; of Basic the password, too; as it is and as JSON writes it. What is too short to tell
    from other text is none.
    """
    scheme, _, rest = value.rpartition(b" ")
    secrets = [rest]
    if scheme.strip().lower() == b"basic":
        secrets.append(_password(rest))
    forms: dict[bytes, None] = {}
    for secret in secrets:
        if len(secret) >= _LEAST_SECRET_BYTES:
            escaped = json.dumps(secret.decode("utf-8", "replace"))[1:-1].encode()
            plain = json.dumps(secret.decode("utf-8", "replace"), ensure_ascii=False)[1:-1].encode()
            forms.update(dict.fromkeys((secret, plain, escaped, plain.replace(b"/", b"\\/"))))
    return tuple(sorted(forms, key=len, reverse=True))  # one may hold another


def covered(text: bytes, forms: Sequence[bytes]) -> bytes:
    """The text with each of the forms covered; the very same object when there is none in it."""
    for form in forms:
        if text.find(form) >= 0:  # much faster than `in`
            text = text.replace(form, _COVER * len(form))
    return text


class StreamCover:
    """Covers a stream's chunks, cut anywhere. Back it holds only what may be the beginning of a form."""

    def __init__(self, forms: Sequence[bytes]) -> None:
        self._forms = forms
        self._letters = frozenset(b"".join(form[:-1] for form in forms))
        self._held = b""

    def pass_on(self, chunk: bytes, last: bool = False) -> bytes:
        """What may go out. last: nothing more will come, so nothing is held back."""
        if self._held:
            chunk, self._held = self._held + chunk, b""
        chunk = covered(chunk, self._forms)
        if last or not chunk or chunk[-1] not in self._letters:
            return chunk
        held = max(_begun(chunk, form) for form in self._forms)
        if held:
            chunk, self._held = chunk[:-held], chunk[-held:]
        return chunk


def _begun(chunk: bytes, form: bytes) -> int:
    """How many of the chunk's last bytes are the first of the form, but not all of it."""
    at = chunk.find(form[:1], max(0, len(chunk) - len(form) + 1))
    while at >= 0:
        if form.startswith(chunk[at:]):
            return len(chunk) - at
        at = chunk.find(form[:1], at + 1)
    return 0


def _password(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
