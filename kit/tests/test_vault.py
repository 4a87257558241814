"""The vault: what is sealed opens only with its key, in its place, unchanged."""

import base64
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from thaman_kit.errors import KeyRingError, UnknownKey, Unsealable, VaultError
from thaman_kit.vault import DataKey, KeyRing, key_id_of

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
contexts = st.text(min_size=1, max_size=40)


def b64(key: bytes) -> str:
    """As in a ring's text."""
    return base64.b64encode(key).decode()


@given(plaintext=st.binary(max_size=300), aad=contexts)
def test_round_trip(plaintext: bytes, aad: str) -> None:
    key, ring = DataKey.generate(), KeyRing({"k1": OLD})
    assert key.unseal(key.seal(plaintext, aad), aad) == plaintext
    assert ring.unseal(ring.seal(plaintext, aad), aad) == plaintext
    assert ring.unwrap(ring.wrap(key, aad), aad).unseal(key.seal(plaintext, aad), aad) == plaintext


@given(plaintext=st.binary(max_size=60), one=contexts, other=contexts)
def test_a_sealed_value_opens_in_its_own_place_only(plaintext: bytes, one: str, other: str) -> None:
    key = DataKey.generate()
    sealed = key.seal(plaintext, one)
    if one != other:
        with pytest.raises(Unsealable):
            key.unseal(sealed, other)
    with pytest.raises(Unsealable):
        DataKey.generate().unseal(sealed, one)


@given(data=st.data(), plaintext=st.binary(max_size=60))
def test_any_changed_bit_or_length_is_noticed(data: st.DataObject, plaintext: bytes) -> None:
    ring = KeyRing({"k1": OLD, "k2": NEW})
    sealed = bytearray(ring.seal(plaintext, "place"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(VaultError):
        ring.unseal(bytes(sealed), "place")
    sealed[bit // 8] ^= 1 << (bit % 8)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(VaultError):
        ring.unseal(bytes(sealed[:cut]), "place")
    with pytest.raises(VaultError):
        ring.unseal(bytes(sealed) + b"x", "place")


@given(st.binary(max_size=80))
def test_foreign_bytes_are_refused(noise: bytes) -> None:
    with pytest.raises(VaultError):
        KeyRing({"k1": OLD}).unseal(noise, "place")
    with pytest.raises(VaultError):
        DataKey(OLD).unseal(noise, "place")


def test_the_two_kinds_are_not_interchangeable() -> None:
    ring, key = KeyRing({"k1": OLD}), DataKey(OLD)
    with pytest.raises(Unsealable):
        key.unseal(ring.seal(b"x", "a"), "a")
    with pytest.raises(Unsealable):
        ring.unseal(key.seal(b"x", "a"), "a")


def test_equal_values_look_different_and_leak_nothing() -> None:
    key = DataKey.generate()
    sealed = {key.seal(b"ory_rt_secret", "a") for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"ory_rt" in value for value in sealed)


def test_rotation() -> None:
    old, both, new = KeyRing({"k1": OLD}), KeyRing({"k2": NEW, "k1": OLD}), KeyRing({"k2": NEW})
    key = DataKey.generate()
    sealed = key.seal(b"token", "store 1 access")
    wrapped = old.wrap(key, "store 1")
    moved = both.rewrap(wrapped, "store 1")
    assert (key_id_of(wrapped), key_id_of(moved)) == ("k1", "k2")
    assert both.rewrap(moved, "store 1") is moved
    assert new.unwrap(moved, "store 1").unseal(sealed, "store 1 access") == b"token"
    with pytest.raises(UnknownKey, match=r"'k1'.*k2"):
        new.unwrap(wrapped, "store 1")
    with pytest.raises(Unsealable):
        both.rewrap(wrapped, "store 2")


def test_a_ring_is_read_from_text() -> None:
    ring = KeyRing.parse(SecretStr(f" k2:{b64(NEW)} , k1:{b64(OLD)},"))
    assert (ring.primary_id, ring.ids) == ("k2", ("k2", "k1"))
    assert ring.unseal(KeyRing({"k1": OLD}).seal(b"x", "a"), "a") == b"x"
    entry = KeyRing.generate_entry("k3")
    assert KeyRing.parse(f"{entry.get_secret_value()},k1:{b64(OLD)}").primary_id == "k3"
    url_safe = base64.urlsafe_b64encode(b"\xff" * 32).decode()
    assert KeyRing.parse(f"k:{url_safe}").ids == ("k",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        (b64(OLD), "entry 1 of the key ring has no ':'"),
        (f"k1:{b64(OLD)},k2:***", r"entry 2 \(k2\) of the key ring is not base64"),
        (f"k1:{b64(OLD[:16])}", "has 16 bytes instead of 32"),
        (f"k1:{b64(OLD)},k1:{b64(NEW)}", "repeats the id 'k1'"),
        (f"bad id:{b64(OLD)}", "may only have letters"),
    ],
)
def test_a_malformed_ring_is_explained_without_showing_keys(text: str, reason: str) -> None:
    with pytest.raises(KeyRingError, match=reason) as caught:
        KeyRing.parse(text)
    assert b64(OLD) not in str(caught.value)


def test_keys_neither_print_nor_pickle() -> None:
    key, ring = DataKey(OLD), KeyRing({"k1": OLD})
    assert repr(key) == "DataKey(hidden)"
    assert repr(ring) == "KeyRing(k1)"
    for action in (pickle.dumps, copy.deepcopy):
        for thing in (key, ring):
            with pytest.raises(TypeError, match="serialised"):
                action(thing)


def test_an_empty_context_is_refused() -> None:
    with pytest.raises(ValueError, match="context"):
        DataKey.generate().seal(b"x", "")
