"""A merchant is handed over with a token that nobody else can make, and that ends soon."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from thaman_kit.handover import LIVES, BadHandover, _pack, read, sign

KEY = SecretStr("a-key-of-the-handover-for-tests-0123456789")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_what_was_signed_is_read_until_it_ends() -> None:
    token = sign(KEY, "77", NOW)
    assert token != sign(KEY, "77", NOW), "each is another, so that each works once"
    assert read(KEY, token, NOW + LIVES - timedelta(seconds=1)).store_id == "77"
    with pytest.raises(BadHandover):
        read(KEY, token, NOW + LIVES)


def test_what_was_not_signed_with_the_key_says_nothing() -> None:
    said, _, proof = sign(KEY, "77", NOW).partition(".")
    forged = _pack(json.dumps(["78", 9_999_999_999, "x"]).encode())
    other = sign(SecretStr("another-key-of-the-handover-0123456789"), "77", NOW)
    for token in (
        "",
        ".",
        "x",
        f"{said}.",
        f"{forged}.{proof}",
        f"{said}.{proof[:-2]}",
        f".{proof}",
        other,
        "é.é",
        "a" * 5_000,
    ):
        with pytest.raises(BadHandover):
            read(KEY, token, NOW)
