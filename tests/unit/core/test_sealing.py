import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.sealing import SealBroken, seal, unseal

KEYS = {"k1": b"1" * 32}
CONTEXT = b"tenant:7:upstream_auth"


@given(st.text(), st.binary())
def test_what_is_sealed_opens_again(text, context):
    assert unseal(KEYS, seal(KEYS, text, context), context) == text


def test_no_two_seals_are_alike_and_none_shows_the_text():
    first, second = (seal(KEYS, "Bearer sk-secret", CONTEXT) for _ in range(2))
    assert first != second
    assert b"sk-secret" not in first


@pytest.mark.parametrize("context", [b"", b"tenant:8:upstream_auth", CONTEXT + b" ", CONTEXT[:-1]])
def test_another_context_does_not_open(context):
    with pytest.raises(SealBroken):
        unseal(KEYS, seal(KEYS, "secret", CONTEXT), context)


def test_every_bit_counts():
    sealed = seal(KEYS, "secret", CONTEXT)
    for at in range(len(sealed)):
        for bit in range(8):
            changed = sealed[:at] + bytes((sealed[at] ^ 1 << bit,)) + sealed[at + 1 :]
            with pytest.raises(SealBroken):
                unseal(KEYS, changed, CONTEXT)


def test_cut_or_lengthened():
    sealed = seal(KEYS, "secret", CONTEXT)
    for other in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(SealBroken):
            unseal(KEYS, other, CONTEXT)


@given(st.binary())
def test_rubbish_raises_nothing_else(sealed):
    for value in (sealed, b"\x01" + sealed, b"\x01\x02k1" + sealed):
        with pytest.raises(SealBroken):
            unseal(KEYS, value, CONTEXT)


def test_keys_rotate():
    old = seal(KEYS, "secret", CONTEXT)
    both = {"k2": b"2" * 32, **KEYS}
    new = seal(both, "secret", CONTEXT)
    assert unseal(both, old, CONTEXT) == unseal({"k2": b"2" * 32}, new, CONTEXT) == "secret"
    with pytest.raises(SealBroken):
        unseal({"k2": b"2" * 32}, old, CONTEXT)


def test_another_key_of_the_same_name_does_not_open():
    with pytest.raises(SealBroken):
        unseal({"k1": b"x" * 32}, seal(KEYS, "secret", CONTEXT), CONTEXT)


@pytest.mark.parametrize("keys", [{}, {"k": b"short"}, {"": b"1" * 32}, {"k" * 256: b"1" * 32}, {"k": b"1" * 16}])
def test_nothing_is_sealed_without_a_proper_key(keys):
    with pytest.raises(ValueError):
        seal(keys, "secret", CONTEXT)
