"""Tokens: what `/auth/token` hands out, and the check of one that comes back (RFC 7519, RFC 8725).

HS256 and nothing else. Every claim of ours must be there with its own type, the header names the secret by `kid` and
carries nothing it need not. Time is an argument: PyJWT checks the signature, the comparison with `exp` is ours.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets as random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
import orjson

from mitmgate.core.directory import KeyId, TenantId

ISSUER: Final = "mitmgate"
AUDIENCE: Final = "mitmgate"
EXPIRED: Final = "token_expired"
INVALID: Final = "token_invalid"

_ALGORITHM: Final = "HS256"
_MAX_LENGTH: Final = 4096
_HEADER_FIELDS: Final = frozenset({"alg", "kid", "typ"})
_LATEST: Final = 253_402_300_799  # the end of the year 9999, beyond which clocks and databases do not reach
_LEAST_CLAIMS: Final = 24  # characters of `{"iss":"mitmgate"}` in base64
_MOST_TOKENS: Final = 64
_match_signed: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})").fullmatch
# Looser: an unsigned, padded or cut token of ours is still meant to be one.
_match_shape: Final = re.compile(r"[A-Za-z0-9_-]+=*\.([A-Za-z0-9_-]+)=*\.[A-Za-z0-9_=-]*").fullmatch
_split_words: Final = re.compile(r"[^A-Za-z0-9_.-]+").split
_match_id: Final = re.compile(r"[1-9][0-9]{0,18}").fullmatch
# A 32-byte signature ends in a character of four bits; another spelling of it would be another token that verifies.
_LAST_OF_SIGNATURE: Final = frozenset("AEIMQUYcgkosw048")
_OPTIONS: Final[Any] = {
    "verify_signature": True,
    "verify_aud": True,
    "strict_aud": True,
    "verify_iss": True,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "require": ["iss", "aud", "sub", "key_id", "jti", "iat", "exp"],
}


class TokenInvalid(Exception):
    """The token is not to be believed. code: `token_expired`, or `token_invalid` for every other reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. expires_at is epoch seconds; demo: it was issued for the demo's key."""

    tenant_id: TenantId
    key_id: KeyId
    jti: str
    expires_at: float
    demo: bool = False


def issue_token(
    *, tenant_id: int, key_id: int, secrets: Mapping[str, bytes], ttl_s: int, now: float, demo: bool = False
) -> str:
    """A token for that key, signed with the first of the secrets (kid -> secret)."""
    kid, secret = next(iter(secrets.items()))
    issued_at = int(now)
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(tenant_id),
        "key_id": key_id,
        "jti": random.token_urlsafe(16),
        "iat": issued_at,
        "exp": issued_at + ttl_s,
    }
    if demo:
        claims["demo"] = True
    return jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": kid})


def has_token_shape(text: str) -> bool:
    """Whether the text means to be a token of ours: three parts, and claims, verified or not, of our issuer."""
    if len(text) > _MAX_LENGTH or (found := _match_shape(text)) is None:
        return False
    claims = _json_object(found[1])
    return claims is not None and claims.get("iss") == ISSUER


def holds_token(text: str) -> bool:
    """Whether a token of ours, good or not, stands somewhere in the text."""
    if "eyJ" not in text:
        return False
    looked_at = 0
    for words in _split_words(text):
        for part in words.split(".")[1:] if "eyJ" in words else ():
            if len(part) < _LEAST_CLAIMS or not part.startswith("eyJ"):
                continue
            claims = _json_object(part)
            looked_at += 1
            if looked_at > _MOST_TOKENS or (claims is not None and claims.get("iss") == ISSUER):
                return True  # a text of so many tokens has no business upstream, whosever they are
    return False


class TokenVerifier:
    """Verifies tokens against the accepted secrets (kid -> secret) and remembers those that passed.

    Remembered is the digest of a token, not the token; at most max_remembered, the least recently used go first.
    """

    def __init__(self, secrets: Mapping[str, bytes], max_remembered: int = 10_000) -> None:
        self._secrets = dict(secrets)
        self._max_remembered = max_remembered
        self._remembered: OrderedDict[bytes, Claims] = OrderedDict()

    def verify(self, token: str, now: float) -> Claims:
        """The claims of a token that is good at `now` (epoch seconds). Raises TokenInvalid, and nothing else."""
        if len(token) > _MAX_LENGTH or not token.isascii():
            raise TokenInvalid(INVALID)
        digest = hashlib.sha256(token.encode()).digest()
        claims = self._remembered.get(digest)
        if claims is None:
            claims = self._verified(token, now)
            if now < claims.expires_at:
                self._remember(digest, claims)
        else:
            self._remembered.move_to_end(digest)
        if now >= claims.expires_at:
            self._remembered.pop(digest, None)
            raise TokenInvalid(EXPIRED)
        return claims

    def _remember(self, digest: bytes, claims: Claims) -> None:
        self._remembered[digest] = claims
        if len(self._remembered) > self._max_remembered:
            self._remembered.popitem(last=False)

    def _verified(self, token: str, now: float) -> Claims:
        found = _match_signed(token)
        if found is None or token[-1] not in _LAST_OF_SIGNATURE:
            raise TokenInvalid(INVALID)
        secret = self._secret(_json_object(found[1]))
        try:
            claims = jwt.decode(
                token, secret, algorithms=[_ALGORITHM], options=_OPTIONS, audience=AUDIENCE, issuer=ISSUER
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise TokenInvalid(INVALID) from None
        not_before = claims.get("nbf", 0)  # none of ours says that, but who shares the secret may
        if type(not_before) is not int or not_before > now:
            raise TokenInvalid(INVALID)
        return _typed(claims)

    def _secret(self, header: dict[str, Any] | None) -> bytes:
        """The secret that the header names. `crit`, `jwk`, `jku` and their like are refused, not ignored."""
        if header is None or header.get("alg") != _ALGORITHM or header.get("typ", "JWT") != "JWT":
            raise TokenInvalid(INVALID)
        kid = header.get("kid")
        secret = self._secrets.get(kid) if isinstance(kid, str) else None
        if secret is None or not header.keys() <= _HEADER_FIELDS:
            raise TokenInvalid(INVALID)
        return secret


def _json_object(part: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _typed(claims: Mapping[str, Any]) -> Claims:
    sub, key_id, jti = claims["sub"], claims["key_id"], claims["jti"]
    issued_at, expires_at, demo = claims["iat"], claims["exp"], claims.get("demo", False)
    # type() and not isinstance(): True is no id and no time.
    good = (
        type(sub) is str
        and _match_id(sub) is not None
        and type(key_id) is int
        and key_id > 0
        and type(jti) is str
        and jti != ""
        and type(issued_at) is int
        and type(expires_at) is int
        and expires_at <= _LATEST
        and type(demo) is bool
    )
    if not good:
        raise TokenInvalid(INVALID)
    return Claims(TenantId(int(sub)), KeyId(key_id), jti, expires_at, demo)
