"""The Store aggregate: Salla's messages in any order, fences, settings, rules, entitlement."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.onboarding import InstallPath, ReauthorizationReason
from thaman_contracts.events.settings import AutomationMode, ItemRule
from thaman_onboarding.domain import events
from thaman_onboarding.domain.keys import Key
from thaman_onboarding.domain.store import WATCH_PERIOD, Store, StoreFacts, is_entitled
from thaman_onboarding.domain.system import System
from thaman_onboarding.errors import InvalidChange, NotConnected, SettingsConflict, StaleInstall
from thaman_onboarding.publication import PUBLICATION

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = StoreFacts("42", "متجر", None, "pro", "live", "SAR", True, 1_500, ("products.read_write",))


def connected() -> Store:
    """A store connected just now."""
    store = Store.new("42")
    store.authorize(FACTS, InstallPath.CALLBACK, NOW, NOW)
    return store


def at(second: int) -> datetime:
    """A provider's time."""
    return NOW + timedelta(seconds=second)


def tell(store: Store, message: tuple[str, int]) -> None:
    """One of Salla's messages arrives."""
    kind, second = message
    if kind == "uninstall":
        store.uninstall(at(second), NOW)
        return
    try:
        store.authorize(FACTS, InstallPath.WEBHOOK, at(second), NOW)
    except StaleInstall:
        return


messages = st.lists(st.tuples(st.sampled_from(["authorize", "uninstall"]), st.integers(0, 4)), max_size=5)


@given(messages)
def test_any_order_of_the_same_messages_ends_the_same(history: list[tuple[str, int]]) -> None:
    ends = set()
    for order in permutations(history):
        store = Store.new("42")
        for message in order:
            tell(store, message)
        ends.add(store.installed)
    authorized = max((second for kind, second in history if kind == "authorize"), default=-1)
    uninstalled = max((second for kind, second in history if kind == "uninstall"), default=-1)
    assert ends == {authorized > uninstalled}


@given(messages)
def test_duplicates_change_nothing(history: list[tuple[str, int]]) -> None:
    once, twice = Store.new("42"), Store.new("42")
    for message in history:
        tell(once, message)
        tell(twice, message)
        version = twice.version
        tell(twice, message)
        assert twice.version == version
    assert (once.installed, once.fence) == (twice.installed, twice.fence)


@given(messages)
def test_history_folds_to_the_same_state(history: list[tuple[str, int]]) -> None:
    store = Store.new("42")
    for message in history:
        tell(store, message)
    folded = Store.fold(store.id, iter(store.collect_events()))
    if folded is None:
        assert store.version == 0
        return
    for name in ("installed", "needs", "paused", "fence", "settings", "authorized_at", "uninstalled_at", "facts"):
        assert getattr(folded, name) == getattr(store, name)


def test_a_code_exchanged_now_is_newer_than_any_tombstone() -> None:
    store = connected()
    store.uninstall(at(3_600), NOW)  # the provider's clock is an hour ahead of ours
    store.authorize(FACTS, InstallPath.CALLBACK, store.next_authorization(NOW), NOW)
    assert store.connected


def test_the_fence_rises_with_pause_and_uninstall_and_never_falls() -> None:
    store, fences = connected(), [0]
    steps: list[Callable[[], object]] = [
        lambda: store.pause("why", "me", NOW),
        lambda: store.resume("me", NOW),
        lambda: store.pause("why", "me", NOW),
        lambda: store.uninstall(at(9), NOW),
        lambda: store.authorize(FACTS, InstallPath.WEBHOOK, at(10), NOW),
    ]
    for step in steps:
        step()
        fences.append(store.fence)
    assert fences == [0, 1, 1, 2, 3, 3]


def test_a_new_store_watches_for_seven_days_also_after_it_came_back() -> None:
    store = connected()
    assert store.settings.watch_until == NOW + WATCH_PERIOD
    store.change_settings({"watch_until": None, "mode": "full_auto"}, 1, "me", NOW)
    store.uninstall(at(9), NOW)
    later = NOW + timedelta(days=30)
    store.authorize(FACTS, InstallPath.WEBHOOK, later, later)
    assert (store.settings.mode, store.settings.watch_until) == (AutomationMode.FULL_AUTO, later + WATCH_PERIOD)
    assert store.settings_version == 3


def test_settings_change_only_from_the_version_that_was_read() -> None:
    store = connected()
    store.change_settings({"min_margin_bp": 2_000}, 1, "me", NOW)
    with pytest.raises(SettingsConflict):
        store.change_settings({"min_margin_bp": 3_000}, 1, "me", NOW)
    store.change_settings({"min_margin_bp": 2_000}, 2, "me", NOW)
    assert (store.settings.min_margin_bp, store.settings_version) == (2_000, 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mod": "manual"}, "mod"),
        ({"mode": "wild"}, "mode"),
        ({"frequency_hours": 0}, "frequency_hours"),
        ({"min_margin_bp": 10.5}, "min_margin_bp"),
        ({"watch_until": "2026-01-01T00:00:00"}, "watch_until"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidChange) as caught:
        connected().change_settings(change, None, "me", NOW)
    assert [name for name, _ in caught.value.problems] == [field]


def test_rules_replace_their_item_only_and_contradictions_are_refused() -> None:
    store = connected()
    rule = ItemRule(product_id="1", min_price=100, max_price=200)
    store.set_rules((rule, ItemRule(product_id="1", variant_id="7", locked=True)), "me", NOW)
    store.set_rules((ItemRule(product_id="1", min_price=150),), "me", NOW)
    assert store.rules["1"] == ItemRule(product_id="1", min_price=150)
    assert store.rules["1/7"].locked
    with pytest.raises(InvalidChange):
        store.set_rules((ItemRule(product_id="1", min_price=3, max_price=2),), "me", NOW)
    with pytest.raises(InvalidChange):
        store.set_rules((rule, rule), "me", NOW)


def test_reauthorisation_is_required_once_and_lifted_by_new_tokens() -> None:
    store = connected()
    for _ in range(2):
        store.require_reauthorization(ReauthorizationReason.REFRESH_REJECTED, "invalid_grant", NOW)
    assert [type(event) for event in store.collect_events()][1:] == [events.ReauthorizationRequired]
    assert not store.connected
    store.authorize(FACTS, InstallPath.CALLBACK, store.next_authorization(NOW), NOW)
    assert store.connected


def test_nothing_can_be_asked_of_a_store_that_was_never_connected() -> None:
    store = Store.new("42")
    store.uninstall(NOW, NOW)
    with pytest.raises(NotConnected):
        store.pause("why", "me", NOW)
    assert [type(event) for event in store.collect_events()] == [events.UninstallNoted]


def test_the_latest_report_of_the_subscription_counts() -> None:
    store = connected()
    store.change_entitlement("active", "Pro", date(2026, 12, 31), at(10), NOW)
    store.change_entitlement("trial", None, date(2026, 11, 30), at(5), NOW)
    assert store.entitlement == ("active", date(2026, 12, 31))


@pytest.mark.parametrize(
    ("status", "ends_on", "entitled"),
    [
        (None, None, True),
        ("trial", date(2026, 11, 24), True),
        ("trial", date(2026, 11, 23), False),
        ("active", None, True),
        ("canceled", date(2027, 1, 1), False),
        ("expired", None, False),
    ],
)
def test_entitlement(status: str | None, ends_on: date | None, entitled: bool) -> None:
    assert is_entitled(status, ends_on, date(2026, 11, 24)) is entitled


def test_every_emergency_stop_raises_the_systems_fence() -> None:
    system = System.new()
    system.change({"stopped": True}, 0, "me", NOW)
    system.change({"stopped": True}, None, "me", NOW)
    system.change({"stopped": False}, None, "me", NOW)
    system.change({"sweep_hours": 12}, None, "me", NOW)
    assert (system.fence, system.settings.stopped, system.settings_version) == (2, False, 4)
    with pytest.raises(SettingsConflict):
        system.change({"sweep_hours": 6}, 3, "me", NOW)
    with pytest.raises(InvalidChange):
        system.change({"sweep_hours": 0}, None, "me", NOW)


def test_a_key_is_for_an_operator_or_for_one_store() -> None:
    for scope, store_id in (("store", None), ("operator", "42"), ("store", "system")):
        with pytest.raises(InvalidChange):
            Key.new("key_1").issue("hash", scope, store_id, label="x", expires_at=None, now=NOW)  # type: ignore[arg-type]
    with pytest.raises(InvalidChange):
        Key.new("key_1").issue("hash", "operator", None, label="x", expires_at=NOW, now=NOW)
    key = Key.new("key_1")
    key.issue("hash", "store", "42", label="x", expires_at=None, now=NOW)
    key.revoke(NOW)
    key.revoke(NOW)
    assert len(key.collect_events()) == 2


def test_what_leaves_the_house_is_the_contract_only() -> None:
    [event] = connected().collect_events()
    message = PUBLICATION.message_of(event, 7, 0)
    assert message is not None
    assert b"authorized_at" not in message.body
    assert message.subject == "evt.onboarding.store.42.StoreAuthorized"


def test_every_stored_event_is_published_or_private_on_purpose() -> None:
    own = [one for one in vars(events).values() if isinstance(one, type) and one.__module__ == events.__name__]
    assert len(own) > 10
    assert all(PUBLICATION.is_mapped(one) for one in own)
