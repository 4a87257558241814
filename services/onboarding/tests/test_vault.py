"""Secrets at rest: sealed, bound to their place, re-wrapped on rotation, and nowhere else."""

import base64
import itertools
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_kit.errors import UnknownKey, Unsealable
from thaman_kit.vault import KeyRing
from thaman_onboarding.adapters.sealing import Sealer

OLD = "k1:" + base64.b64encode(b"k" * 32).decode()
NEW = "k2:" + base64.b64encode(b"n" * 32).decode()
owners = st.text("abc|0123456789", min_size=1, max_size=12)


@given(st.text(), owners, st.sampled_from(["access_token", "refresh_token"]))
def test_what_is_sealed_opens_in_its_place(text: str, owner: str, place: str) -> None:
    sealer = Sealer(KeyRing.parse(OLD))
    key = sealer.new_key(owner)
    assert sealer.open_key(owner, key.wrapped).open(key.seal(text, place), place) == text


@given(st.text(), owners, owners)
def test_what_was_moved_opens_nowhere(text: str, owner: str, other: str) -> None:
    sealer = Sealer(KeyRing.parse(OLD))
    key = sealer.new_key(owner)
    sealed = key.seal(text, "access_token")
    with pytest.raises(Unsealable):
        key.open(sealed, "refresh_token")
    if other != owner:
        with pytest.raises(Unsealable):
            sealer.open_key(other, key.wrapped)
        with pytest.raises(Unsealable):
            sealer.new_key(other).open(sealed, "access_token")


def test_tokens_copied_into_another_stores_row_do_not_open(service: Any, salla: Any) -> None:
    one, two = salla.new_store(), salla.new_store()
    service.connect(one)
    service.connect(two)
    service.container.app.database.execute(
        "UPDATE tokens SET wrapped_key = other.wrapped_key, access_token = other.access_token,"
        " refresh_token = other.refresh_token FROM tokens other WHERE tokens.store_id = %s AND other.store_id = %s",
        (one, two),
    )
    with pytest.raises(Unsealable):
        service.container.renewals.current(one)


def test_rotation_interrupted_and_taken_up_again(start_service: Any, salla: Any) -> None:
    before = start_service(vault_keys=OLD)
    stores = [salla.new_store() for _ in range(3)]
    for store_id in stores:
        before.connect(store_id)
    tokens = {store_id: before.container.renewals.current(store_id).tokens.access for store_id in stores}
    during = start_service(vault_keys=f"{NEW},{OLD}", register=False)
    list(itertools.islice(during.container.rotation.steps(), 1))
    assert during.container.rotation.remaining() >= 2
    # Old and new keys are read side by side while it goes on.
    for store_id in stores:
        assert during.container.renewals.current(store_id).tokens.access == tokens[store_id]
    assert during.container.rotation.run() >= 2
    assert during.container.rotation.run() == 0
    after = start_service(vault_keys=NEW, register=False)
    for store_id in stores:
        assert after.container.renewals.current(store_id).tokens.access == tokens[store_id]
    with pytest.raises(UnknownKey):
        before.container.renewals.current(stores[0])


def test_no_secret_is_found_anywhere_else(
    service: Any, salla: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    by_browser, by_webhook = salla.new_store(), salla.new_store()
    service.connect(by_browser)
    granted = salla.control("POST", f"/stores/{by_webhook}/tokens")
    service.post_webhook(
        "app.store.authorize",
        by_webhook,
        {"expires": 2_000_000_000, "scope": "products.read_write offline_access", **granted},
    )
    service.work()
    secrets = [granted["access_token"], granted["refresh_token"]]
    for store_id in (by_browser, by_webhook):
        stored = service.container.renewals.current(store_id)
        secrets += [stored.tokens.access, stored.tokens.refresh]
        assert stored.tokens.access not in repr(stored)
        fresh = service.container.renewals.renew(store_id, stored.version)
        secrets += [fresh.tokens.access, fresh.tokens.refresh]
    salla.faults(store_id=int(by_browser), token_p_cut_after=1.0)
    service.container.renewals.report_unauthorized(by_browser, "The access token is invalid", secrets[2])
    secrets += [
        service.container.settings.salla_client_secret.get_secret_value(),
        "webhook-secret-canary",
        "pepper-can",
    ]
    told = capfd.readouterr()
    everything = "\n".join([dump(service), told.out, told.err, *(record.getMessage() for record in caplog.records)])
    assert "store.Authorized" in everything
    assert [secret for secret in secrets if secret in everything] == []


def dump(service: Any) -> str:
    """Every row of every table of the schema as text; bytes in hexadecimal and as they read."""
    tables = service.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'onboarding'::regnamespace AND relkind = 'r'"
    )
    lines = []
    for (table,) in tables:
        for row in service.rows(f"SELECT * FROM {table}"):
            cells = (bytes(cell).decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row)
            lines.append(f"{table} {' '.join(cells)}")
    return "\n".join(lines)
