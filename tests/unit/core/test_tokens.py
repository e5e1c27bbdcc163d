import base64
import hashlib
import hmac
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.tokens import Claims, TokenInvalid, TokenVerifier, has_token_shape, issue_token

NOW = 1_800_000_000.0
SECRETS = {"new": b"n" * 32, "old": b"o" * 32}
GOOD = {
    "iss": "mitmgate",
    "aud": "mitmgate",
    "sub": "7",
    "key_id": 3,
    "jti": "j",
    "iat": int(NOW),
    "exp": int(NOW) + 60,
}
HEADER = {"alg": "HS256", "typ": "JWT", "kid": "new"}


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def sign(header: object, claims: object, secret: bytes = SECRETS["new"], digest: str = "sha256") -> str:
    """A token signed by hand, so that it may say what no library would write."""
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    signed = ".".join(encode(text.encode()) for text in texts)
    return f"{signed}.{encode(hmac.new(secret, signed.encode(), digest).digest())}"


def issue(**changed: object) -> str:
    wanted: dict = {"tenant_id": 7, "key_id": 3, "secrets": SECRETS, "ttl_s": 60, "now": NOW, **changed}
    return issue_token(**wanted)


def code_of(token: str, now: float = NOW, verifier: TokenVerifier | None = None) -> str | None:
    try:
        (verifier or TokenVerifier(SECRETS)).verify(token, now)
    except TokenInvalid as invalid:
        return invalid.code
    return None


def test_an_issued_token_is_good():
    claims = TokenVerifier(SECRETS).verify(issue(), NOW)
    assert (claims.tenant_id, claims.key_id, claims.expires_at, claims.demo) == (7, 3, NOW + 60, False)
    assert claims.jti


def test_an_issued_token_says_what_the_contract_names():
    token = issue()
    assert jwt.get_unverified_header(token) == HEADER
    facts = jwt.decode(token, options={"verify_signature": False})
    assert {**facts, "jti": "j"} == GOOD
    assert facts["jti"] != jwt.decode(issue(), options={"verify_signature": False})["jti"]


def test_a_token_of_the_demo_says_so():
    assert TokenVerifier(SECRETS).verify(issue(demo=True), NOW).demo is True


def test_the_first_secret_signs_and_all_are_accepted():
    old = issue(secrets={"old": SECRETS["old"]})
    assert code_of(old) is None
    assert code_of(old, verifier=TokenVerifier({"new": SECRETS["new"]})) == "token_invalid"


def test_hand_made_tokens_are_good_when_nothing_is_wrong():
    assert code_of(sign(HEADER, GOOD)) is None
    assert code_of(sign({"alg": "HS256", "kid": "new"}, GOOD)) is None


@pytest.mark.parametrize("now", [NOW + 60, NOW + 60.5, NOW + 1e9, float("inf")])
def test_expired(now):
    assert code_of(issue(), now) == "token_expired"


def test_a_token_is_good_from_its_beginning_on():
    token, verifier = sign(HEADER, {**GOOD, "nbf": int(NOW) + 5}), TokenVerifier(SECRETS)
    assert code_of(token, NOW + 4.9, verifier) == "token_invalid"
    assert code_of(token, NOW + 5, verifier) is None


def test_good_until_the_last_moment():
    assert code_of(issue(), NOW + 59.999) is None


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_claim_is_needed(name):
    assert code_of(sign(HEADER, {key: value for key, value in GOOD.items() if key != name})) == "token_invalid"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"sub": value} for value in (7, "", "0", "07", "-7", "+7", " 7", "7\n", "7_0", "٧", "1" * 20, None, ["7"])),
        *({"key_id": value} for value in ("3", 3.0, True, 0, -3, None, [3])),
        *({"jti": value} for value in ("", 1, None, True)),
        *({"iat": value} for value in (str(int(NOW)), NOW + 0.5, True, None)),
        *({"exp": value} for value in (str(int(NOW) + 60), NOW + 60.5, True, None, "never", [1], {})),
        *({"exp": value} for value in (253_402_300_800, 2**63 - 1, 10**30)),
        *({"nbf": value} for value in (int(NOW) + 1, 10**30, NOW - 0.5, "0", None, True, [])),
        *({"iss": value} for value in ("", "other", "mitmgate ", ["mitmgate"], None, 1)),
        *({"aud": value} for value in ("", "other", ["mitmgate"], ["mitmgate", "other"], None, 1)),
        *({"demo": value} for value in ("true", 1, 0, None, [])),
    ],
    ids=str,
)
def test_every_claim_has_its_type_and_value(wrong):
    assert code_of(sign(HEADER, {**GOOD, **wrong})) == "token_invalid"


@pytest.mark.parametrize("claims", [[], "text", 1, None, "{", '{"a":1}x', "[" * 1000, "{}", '{"exp":NaN}'], ids=str)
def test_claims_must_be_an_object(claims):
    assert code_of(sign(HEADER, claims)) == "token_invalid"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "typ": "JWT"},
        {**HEADER, "kid": "other"},
        {**HEADER, "kid": None},
        {**HEADER, "kid": ["new"]},
        {**HEADER, "kid": {"new": 1}},
        {**HEADER, "kid": 1},
        {**HEADER, "kid": "old"},
        {**HEADER, "typ": "at+jwt"},
        {**HEADER, "alg": "none"},
        {**HEADER, "alg": "hs256"},
        {**HEADER, "alg": "HS512"},
        {**HEADER, "alg": None},
        {**HEADER, "alg": ["HS256"]},
        {**HEADER, "crit": ["exp"]},
        {**HEADER, "b64": False},
        {**HEADER, "jwk": {"kty": "oct", "k": "AAAA"}},
        {**HEADER, "jku": "https://example.com"},
        {"kid": "new"},
        [],
        "{",
        "[" * 900,
        '{"alg":"HS256","kid":"new","x":' + "1" * 2000 + "}",
    ],
    ids=str,
)
def test_the_header_says_hs256_a_known_secret_and_nothing_else(header):
    assert code_of(sign(header, GOOD)) == "token_invalid"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_unsigned(alg):
    signed = ".".join(encode(json.dumps(part).encode()) for part in ({**HEADER, "alg": alg}, GOOD))
    signature = issue().split(".")[2]
    assert [code_of(f"{signed}{end}") for end in ("", ".", f".{signature}")] == ["token_invalid"] * 3


@pytest.mark.parametrize("digest", ["sha512", "sha384", "sha1", "md5"])
def test_another_digest(digest):
    assert code_of(sign(HEADER, GOOD, digest=digest)) == "token_invalid"


def test_another_secret():
    assert code_of(sign(HEADER, GOOD, b"x" * 32)) == "token_invalid"
    assert code_of(sign(HEADER, GOOD, b"")) == "token_invalid"


def test_another_tenants_claims_under_a_good_signature():
    header, _, signature = issue().split(".")
    assert code_of(f"{header}.{issue(tenant_id=8).split('.')[1]}.{signature}") == "token_invalid"


@pytest.mark.parametrize(
    "shape",
    [
        "{h}.{c}.{s}.",
        ".{h}.{c}.{s}",
        "{h}.{c}.{s}.{s}",
        "{h}.{c}.{c}.{s}",
        "{h}.{h}.{c}.{s}",
        "{h}.{c}.{s}.{h}.{c}.{s}",
        "{h}.{c}..{s}",
        "{h}..{s}",
        "{h}.{c}.",
        "{h}.{c}",
        "{h}.{c}.{s}=",
        "{h}=.{c}.{s}",
        "{h}.{c}=.{s}",
        " {h}.{c}.{s}",
        "{h}.{c}.{s}\n",
        "{h}.{c}.{s}\x00",
        "{h}.{c} .{s}",
        "{h}.{c}.{s}A",
        "{h}.{c}.{s}é",
        "",
        ".",
        "..",
        "...",
    ],
)
def test_three_segments_and_nothing_else(shape):
    header, claims, signature = issue().split(".")
    assert code_of(shape.format(h=header, c=claims, s=signature)) == "token_invalid"


def test_no_character_of_a_token_can_be_changed():
    """The last character of a signature carries two bits that a lenient decoder throws away."""
    token, verifier = issue(), TokenVerifier(SECRETS)
    assert code_of(token, verifier=verifier) is None
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [token[:-1] + last for last in alphabet if last != token[-1]]
    changed += [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    assert {code_of(other, verifier=verifier) for other in changed} == {"token_invalid"}


def test_overlong():
    assert code_of(sign(HEADER, {**GOOD, "pad": "x" * 4000})) == "token_invalid"
    assert not has_token_shape(sign(HEADER, {**GOOD, "pad": "x" * 4000}))


@given(st.text())
def test_no_text_raises_anything_else(text):
    assert code_of(text) == "token_invalid"
    assert not has_token_shape(text)


@given(st.lists(st.one_of(st.text(), st.binary().map(encode)), min_size=3, max_size=3))
def test_no_three_parts_raise_anything_else(parts):
    assert code_of(".".join(parts)) == "token_invalid"
    has_token_shape(".".join(parts))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*sorted(GOOD), "demo", "nbf"]), JSON)
def test_no_signed_claim_raises_anything_else(name, value):
    token = sign(HEADER, {**GOOD, name: value})
    assert code_of(token) in (None, "token_invalid", "token_expired")


@given(st.sampled_from(sorted(HEADER)), JSON)
def test_no_signed_header_raises_anything_else(name, value):
    assert code_of(sign({**HEADER, name: value}, GOOD)) in (None, "token_invalid")


def test_a_remembered_token_still_expires():
    token, verifier = issue(), TokenVerifier(SECRETS)
    first = verifier.verify(token, NOW)
    assert verifier.verify(token, NOW + 59) is first
    assert code_of(token, NOW + 60, verifier) == "token_expired"
    assert code_of(token, NOW + 60, verifier) == "token_expired"


def test_only_good_tokens_are_remembered_and_only_so_many():
    verifier = TokenVerifier(SECRETS, max_remembered=2)
    tokens = [issue(key_id=id) for id in (1, 2, 3)]
    first, second = verifier.verify(tokens[0], NOW), verifier.verify(tokens[1], NOW)
    assert verifier.verify(tokens[0], NOW) is first
    assert code_of("a.b.c", verifier=verifier) == "token_invalid"
    assert code_of(issue(now=NOW - 100), NOW, verifier) == "token_expired"
    verifier.verify(tokens[2], NOW)
    assert verifier.verify(tokens[0], NOW) is first
    again = verifier.verify(tokens[1], NOW)
    assert again == second
    assert again is not second


def test_claims_are_what_the_token_says():
    assert TokenVerifier(SECRETS).verify(sign(HEADER, GOOD), NOW) == Claims(7, 3, "j", NOW + 60)


def test_a_remembered_token_is_known_by_its_digest_only():
    token, verifier = issue(), TokenVerifier(SECRETS)
    verifier.verify(token, NOW)
    assert list(verifier._remembered) == [hashlib.sha256(token.encode()).digest()]


@pytest.mark.parametrize(
    "token",
    [
        sign(HEADER, GOOD),
        sign(HEADER, GOOD, b"forged"),
        sign({"alg": "none"}, GOOD),
        sign({"alg": "none"}, GOOD).rsplit(".", 1)[0] + ".",
        sign(HEADER, {"iss": "mitmgate"}),
    ],
)
def test_what_looks_like_ours(token):
    assert has_token_shape(token)


@pytest.mark.parametrize(
    "text",
    [
        sign(HEADER, {**GOOD, "iss": "https://accounts.google.com"}),
        sign(HEADER, [1]),
        "sk-proj-abc.def.ghi",
        "a.b.c",
        "mg_abc",
        "",
        "..",
    ],
)
def test_what_does_not_look_like_ours(text):
    assert not has_token_shape(text)
