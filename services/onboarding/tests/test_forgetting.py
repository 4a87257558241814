"""Forgetting a store: its key waits for a stated time, then it is gone, and so is everything sealed under it."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.onboarding import FORGOTTEN, ForgettingReason, InstallPath
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_kit.clock import ManualClock, SystemClock
from thaman_kit.vault import KeyRing
from thaman_onboarding.adapters.sealing import Sealer
from thaman_onboarding.adapters.vault_store import sealed_tokens
from thaman_onboarding.application.rebuild import rebuild
from thaman_onboarding.application.recorded import RecordedFold
from thaman_onboarding.bootstrap import build_container
from thaman_onboarding.domain import events
from thaman_onboarding.domain.forgetting import Wish
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.errors import NotConnected, StaleInstall

WAIT = timedelta(days=14)
FACTS = StoreFacts("42", "مؤسسة أحمد", "https://ahmed.example", "pro", "live", "SAR", True, 1_500, ())


def test_what_a_merchant_had_set_is_lifted_and_a_store_that_comes_back_begins_as_new() -> None:
    clock = ManualClock(SystemClock().now())
    store = Store.new("42")
    store.authorize(FACTS, InstallPath.CALLBACK, clock.now().replace(microsecond=0), clock.now())
    assert store.facts is not None and store.facts.name == "42", "no event names the store"
    store.change_settings({"min_margin_bp": 3_300}, None, "store:key_1", clock.now())
    store.set_rules((ItemRule(product_id="7", locked=True),), "store:key_1", clock.now())
    store.pause("Ahmed said so", "store:key_1", clock.now())
    clock.advance(timedelta(hours=1))
    wish = Wish.by_request("operator:key_2", clock.now(), timedelta(0))
    assert store.forget(wish, clock.now())
    assert not store.forget(wish, clock.now())
    assert (store.installed, store.paused, store.pause_reason) == (False, False, None)
    assert store.rules["7"] == ItemRule(product_id="7")
    assert (store.facts.name, store.facts.domain) == (FORGOTTEN, None)
    with pytest.raises(NotConnected):
        store.pause("again", "store:key_1", clock.now())
    with pytest.raises(StaleInstall):
        store.authorize(FACTS, InstallPath.WEBHOOK, clock.now() - timedelta(minutes=30), clock.now())
    fence = store.fence
    store.authorize(FACTS, InstallPath.CALLBACK, store.next_authorization(clock.now()), clock.now())
    assert store.connected and store.forgotten_at is None and store.fence == fence
    assert store.settings.model_copy(update={"watch_until": None}) == StoreSettings()


def test_an_old_event_that_names_its_store_folds_and_is_forgotten_too() -> None:
    now = SystemClock().now()
    store = Store.new("42")
    store.authorize(FACTS, InstallPath.CALLBACK, now.replace(microsecond=0), now)
    (said,) = store.collect_events()
    old = said.model_dump(mode="json") | {"name": FACTS.name}
    again = Store.fold(store.id, iter([events.StoreAuthorized.model_validate(old)]))
    assert again is not None and again.facts is not None and again.facts.name == FACTS.name
    again.forget(Wish(ForgettingReason.UNINSTALLED, "merchant", now, now), now)
    assert FACTS.name not in repr(again.facts)


STEPS = ("connect", "uninstall", "forget", "pause", "resume", "rules", "hour")


@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_whatever_happens_no_event_names_the_store_and_its_history_folds(steps: list[str]) -> None:
    clock, store = ManualClock(SystemClock().now()), Store.new("42")
    did: dict[str, Callable[[datetime], object]] = {
        "connect": lambda now: store.authorize(FACTS, InstallPath.CALLBACK, store.next_authorization(now), now),
        "uninstall": lambda now: store.uninstall(now.replace(microsecond=0), now),
        "forget": lambda now: store.forget(Wish.by_request("operator:key_1", now, timedelta(0)), now),
        "pause": lambda now: store.pause("a reason", "store:key_1", now),
        "resume": lambda now: store.resume("store:key_1", now),
        "rules": lambda now: store.set_rules((ItemRule(product_id="7", locked=True),), "store:key_1", now),
        "hour": lambda _: clock.advance(timedelta(hours=1)),
    }
    fence = 0
    for step in ("connect", *steps):
        with suppress(NotConnected):
            did[step](clock.now())
        assert store.fence >= fence
        fence = store.fence
        if step == "forget":
            assert store.facts is not None and not store.connected and not store.paused
            assert (store.facts.name, store.facts.domain) == (FORGOTTEN, None)
            assert all(rule == ItemRule(product_id=rule.product_id) for rule in store.rules.values())
    told = store.collect_events()
    assert not any(FACTS.name in event.model_dump_json() for event in told)
    again = Store.fold(store.id, iter([type(one).model_validate_json(one.model_dump_json()) for one in told]))
    assert again is not None and vars(again) == vars(store)


def waiting(service: Any, store_id: str) -> list[tuple[Any, ...]]:
    return service.rows("SELECT reason, due_at - asked_at FROM forgettings WHERE store_id = %s", store_id)  # type: ignore[no-any-return]


def held(service: Any, store_id: str) -> dict[str, int]:
    answer = service.http.get(f"/stores/{store_id}/forgetting", headers=service.operator())
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()["held"]
    return found


def state(service: Any, store_id: str) -> dict[str, Any]:
    answer = service.http.get(f"/stores/{store_id}", headers=service.operator())
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def admin(service: Any, sql: str, *params: Any) -> None:
    with psycopg.connect(service.admin_database, autocommit=True, options="-c search_path=onboarding") as connection:
        connection.execute(sql.encode(), params)


def round_that_dies(service: Any, point: str) -> int:
    """A worker's round in a process of its own, up to a point; its exit code."""
    script = (
        "from thaman_onboarding.bootstrap import build_container\n"
        "from thaman_onboarding.settings import Settings\n"
        "from thaman_kit.process import load_settings\n"
        "build_container(load_settings(Settings)).forgetting.round()\n"
    )
    environment = service.process_environment(THAMAN_FAULTPOINT=point)
    return subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode


def uninstall(service: Any, store_id: str) -> None:
    service.post_webhook("app.uninstalled", store_id, {"app_type": "app"})
    service.work()


def test_the_life_of_a_stores_key(start_service: Any, salla: Any) -> None:
    clock = ManualClock(SystemClock().now())
    service = start_service(clock=clock)
    store_id = salla.new_store(name="عطارة أم خالد")
    service.connect(store_id)
    assert state(service, store_id)["name"] == "عطارة أم خالد"
    key = service.store_key(store_id)
    assert (waiting(service, store_id), held(service, store_id)["keys"]) == ([], 1)

    # The merchant goes, comes back in time, and finds everything.
    clock.advance(timedelta(minutes=1))
    uninstall(service, store_id)
    assert waiting(service, store_id) == [("uninstalled", WAIT)]
    assert held(service, store_id)["tokens"] == 0
    clock.advance(timedelta(days=13))
    assert service.container.forgetting.round() == 0
    service.connect(store_id)
    assert (waiting(service, store_id), state(service, store_id)["forget_at"]) == ([], None)
    clock.advance(timedelta(days=300))
    assert service.container.forgetting.round() == 0

    # The merchant goes for good; a webhook lies about whose processing failed.
    uninstall(service, store_id)
    service.post_webhook("order.created", store_id, {"id": 1})
    assert held(service, store_id) == {
        "keys": 1, "profiles": 1, "tokens": 0, "installs": 0, "webhooks": 1, "api_keys": 1,
    }  # fmt: skip
    clock.advance(WAIT)
    assert [service.container.forgetting.round() for _ in range(2)] == [1, 0]
    assert set(held(service, store_id).values()) == {0}
    assert (state(service, store_id)["state"], state(service, store_id)["name"]) == ("forgotten", FORGOTTEN)
    assert service.http.get(f"/stores/{store_id}", headers=key).status_code == 401
    assert service.events(store_id)[-2:] == ["store.Forgotten", "key.Revoked"]
    service.work()
    rows = service.rows("SELECT * FROM stores WHERE store_id = %s", store_id)
    rebuild(service.container.app, clock)
    assert len(rows) == 1
    again = service.rows("SELECT * FROM stores WHERE store_id = %s", store_id)
    assert [value for value in rows[0] if value not in again[0]] == [], "events alone tell that it is forgotten"

    # It may come back, as new and under a new key.
    clock.advance(timedelta(minutes=1))
    service.connect(store_id)
    assert (state(service, store_id)["state"], state(service, store_id)["name"]) == ("connected", "عطارة أم خالد")
    assert held(service, store_id)["keys"] == 1
    assert service.container.renewals.current(store_id).tokens.access


def test_a_process_that_dies_in_a_forgetting_leaves_it_due(start_service: Any, salla: Any) -> None:
    service = start_service(forget_after_days=0)
    store_id = salla.new_store()
    service.connect(store_id)
    uninstall(service, store_id)
    assert round_that_dies(service, "onboarding.forget.before_commit") == -9
    assert (held(service, store_id)["keys"], len(waiting(service, store_id))) == (1, 1)
    assert round_that_dies(service, "onboarding.forget.committed") == -9
    assert service.container.forgetting.round() == 0
    assert service.events(store_id).count("store.Forgotten") == 1
    # What `thaman rebuild` makes of the same history.
    row = service.rows("SELECT name, domain, forgotten_at FROM stores")
    admin(service, "UPDATE stores SET name = 'wrong', forgotten_at = NULL, version = 0")
    app = service.container.app
    fold = RecordedFold(app, SystemClock())
    fold.own([app.mapper.to_domain_event(one) for one in app.recorder.select_notifications(1, 1_000)])
    fold.finish()
    assert service.rows("SELECT name, domain, forgotten_at FROM stores") == row


def test_an_operator_asks_calls_off_and_asks_again(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    forgetting, operator = f"/stores/{store_id}/forgetting", service.operator()
    asked = service.http.post(forgetting, headers=operator).json()
    assert (asked["state"], asked["reason"], asked["connected"]) == ("waiting", "requested", True)
    assert service.http.delete(forgetting, headers=operator).json()["state"] == "kept"
    assert service.http.delete(forgetting, headers=operator).status_code == 409
    service.http.post(forgetting, headers=operator)
    service.connect(store_id)
    assert service.http.get(forgetting, headers=operator).json()["state"] == "waiting", (
        "only an uninstall ends by coming back"
    )
    done = service.http.post(forgetting, headers=operator, json={"now": True}).json()
    assert (done["state"], done["connected"], done["held"]["keys"]) == ("forgotten", False, 0)
    assert service.http.post(forgetting, headers=operator, json={"now": True}).json()["state"] == "forgotten"
    with pytest.raises(NotConnected):
        service.container.renewals.current(store_id)
    assert service.http.get("/stores/999/forgetting", headers=operator).status_code == 404
    assert service.http.post(forgetting, headers=service.store_key(store_id)).status_code == 403


def test_without_the_row_of_the_key_nothing_opens(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    container = service.container
    access = container.renewals.current(store_id).tokens.access
    (kept,) = service.rows("SELECT store_id, wrapped_key FROM store_keys")
    admin(service, "DELETE FROM store_keys")
    with pytest.raises(NotConnected):
        container.renewals.current(store_id)
    assert state(service, store_id)["name"] == store_id, "what it is called in events stands in"
    admin(service, "INSERT INTO store_keys (store_id, wrapped_key, key_id) VALUES (%s, %s, 'k1')", *kept)
    assert container.renewals.current(store_id).tokens.access == access


def test_tokens_of_before_are_adopted(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    container = service.container
    stored = container.renewals.current(store_id)
    sealer = Sealer(KeyRing.parse(container.settings.vault_keys))
    old = sealed_tokens(sealer, f"tokens|{store_id}", stored.tokens)
    names = ("wrapped_key", "key_id", "access_token", "refresh_token")
    admin(service, "UPDATE tokens SET wrapped_key = %s, key_id = %s, access_token = %s, refresh_token = %s",
          *(old[name] for name in names))  # fmt: skip
    assert container.renewals.current(store_id).tokens == stored.tokens
    # While old processes may run, nothing is written that they cannot read; a row that does not open stops no other.
    admin(service, "UPDATE vault_upgrade SET store_keys_from = now() + interval '1 hour'")
    early = build_container(container.settings)
    assert early.forgetting.adopt() == 0
    assert early.renewals.current(store_id).tokens == stored.tokens
    early.close()
    admin(
        service,
        "INSERT INTO tokens SELECT (jsonb_populate_record(t, jsonb_build_object('store_id', '0'))).* FROM tokens t",
    )
    admin(service, "UPDATE vault_upgrade SET store_keys_from = now()")
    assert container.forgetting.adopt() == 1
    assert service.rows("SELECT wrapped_key, key_id FROM tokens WHERE store_id = %s", store_id) == [(None, None)]
    assert service.rows("SELECT 1 FROM store_keys WHERE store_id = '0'") == []
    assert container.renewals.current(store_id).tokens == stored.tokens


def test_a_wish_that_was_left_over_or_is_missing(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    admin(service, "INSERT INTO forgettings VALUES (%s, 'uninstalled', 'merchant', now(), now())", store_id)
    assert service.container.forgetting.round() == 0
    assert (waiting(service, store_id), state(service, store_id)["state"]) == ([], "connected")
    uninstall(service, store_id)
    admin(service, "DELETE FROM forgettings")
    service.container.forgetting.round()
    assert waiting(service, store_id) == [("uninstalled", WAIT)], "say an old process saw it go"
    service.container.forgetting.call_off(store_id, "operator:key_1")
    service.container.forgetting.round()
    assert state(service, store_id)["forget_at"] is None, "an operator keeps it"


def test_a_merchant_on_the_way_in_again_is_waited_for(start_service: Any, salla: Any) -> None:
    service = start_service(forget_after_days=0)
    store_id = salla.new_store()
    service.connect(store_id)
    uninstall(service, store_id)
    tokens = {"access_token": "ory_at_x", "refresh_token": "ory_rt_x", "expires": 9_999_999_999, "scope": "a"}
    service.post_webhook("app.store.authorize", store_id, tokens)
    assert service.container.forgetting.round() == 0
    assert held(service, store_id)["installs"] == 1 and len(waiting(service, store_id)) == 1
    admin(service, "UPDATE installs SET started_at = started_at - interval '2 days' WHERE state = 'received'")
    assert service.container.forgetting.round() == 1
    assert held(service, store_id)["installs"] == 0


def test_a_profile_that_does_not_open_hides_no_store(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    admin(service, "UPDATE store_profiles SET sealed = 'no'::bytea")
    assert state(service, store_id)["name"] == store_id
