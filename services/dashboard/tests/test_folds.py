"""What single events make of the read models, through the real inbox and into a real PostgreSQL."""

import threading
from datetime import timedelta

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from thaman_contracts.events import REGISTRY, EventData, onboarding, optimizer
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_contracts.examples import example_of
from thaman_dashboard.adapters.projection import Batch
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.domain.saying import said_of
from thaman_dashboard.testing import NOW, Streams, rows_of
from thaman_dashboard.testing_events import Run, authorized, edited, item, observed, rules, system, told
from thaman_dashboard.views import DecisionState, PriceCause, ProposalState, Role, RunState, SessionView
from thaman_kit.testing import wait_until

STORE, OTHER = "77", "78"
RUN = Run(STORE)
PAGE = "https://rival.example/p/1"


def steps(container: Container, key: str = "1") -> list[tuple[int | None, PriceCause]]:
    return [(one.shelf_price, one.cause) for one in container.read_models.prices(STORE, key, NOW - timedelta(days=1))]


def test_a_price_that_was_written_before_its_decision_is_heard(container: Container, streams: Streams) -> None:
    streams.deliver(RUN.writing(3, "1", 1_000, 900), RUN.uncertain(4, "1", 900))
    (before,) = container.read_models.decisions(STORE, "1")
    assert (before.state, before.shelf_price, before.decided_by) == (DecisionState.UNCERTAIN, None, None)
    assert before.reason == "timeout"
    streams.deliver(RUN.applied(5, "1", 1_000, 900))
    streams.deliver(
        RUN.proposed(1, "1", 1_000, 900, expected_weekly_profit_change=-250), RUN.decided(2, "1", 1_000, 900)
    )
    (after,) = container.read_models.decisions(STORE, "1")
    assert (after.state, after.reason, after.settled_at) == (DecisionState.APPLIED, None, NOW + timedelta(minutes=5))
    assert (after.shelf_price, after.decided_by, after.expected) == (900, "key_1", -250)
    assert after.decided_at == NOW + timedelta(minutes=2)
    assert container.read_models.decision_of(STORE, RUN.proposal("1")) == after
    proposal = container.read_models.proposal(STORE, RUN.proposal("1"))
    assert proposal is not None
    assert (proposal.state, proposal.closed_by) == (ProposalState.DECIDED, "key_1")
    assert proposal.document.input_digest == "d"


def test_what_became_of_writes_and_proposals(container: Container, streams: Streams) -> None:
    streams.deliver(
        *(RUN.proposed(1, key, 1_000, 900) for key in "1234"), RUN.rejected(2, "1"), RUN.expired(3, "2"),
        RUN.decided(4, "3", 1_000, 900), RUN.decided(4, "4", 1_000, 900), RUN.unwritten(5, "3"), RUN.stale(5, "4"),
    )  # fmt: skip
    read = container.read_models
    closed = {one.item_key: (one.state.value, one.closed_by, one.closed_reason) for one in read.proposals(STORE).items}
    assert closed == {
        "1": ("rejected", "key_1", "قريب من العيد"),
        "2": ("expired", None, "time"),
        "3": ("decided", "key_1", None),
        "4": ("decided", "key_1", None),
    }
    written = {key: read.decisions(STORE, key)[0] for key in "34"}
    assert (written["3"].state, written["3"].reason, written["3"].detail) == ("failed", "refused", "Salla answered 422")
    assert (written["4"].state, written["4"].reason) == ("stale", "manual_edit")


def test_the_steps_of_a_price(container: Container, streams: Streams) -> None:
    streams.deliver(
        observed(STORE, 1, item("1", 1_000)),
        observed(STORE, 2, item("1", 1_000, stock=4)),  # no step: the price is the same
        observed(STORE, 3, item("1", 1_100)),
        RUN.applied(4, "1", 1_100, 900),
        observed(STORE, 4, item("1", 900)),  # the read-back of what was written
        observed(STORE, 5, item("1", 950)),
        edited(STORE, 5, "1", 900, 950),  # the look before has told the price
        edited(STORE, 6, "1", 950, 990),  # nobody has seen the shelf yet
        observed(STORE, 7, item("1", 990)),
    )
    assert steps(container) == [
        (1_000, PriceCause.FIRST),
        (1_100, PriceCause.SEEN),
        (900, PriceCause.APPLIED),
        (950, PriceCause.HAND_EDIT),
        (None, PriceCause.HAND_EDIT),
        (990, PriceCause.SEEN),
    ]
    since = container.read_models.prices(STORE, "1", NOW + timedelta(minutes=4, seconds=30))
    assert [one.shelf_price for one in since] == [900, 950, None, 990], "the one that stood then is among them"
    assert since[0].decision_id == RUN.decision("1")


def test_items_their_limits_and_their_end(container: Container, streams: Streams) -> None:
    locked = ItemRule(product_id="1", min_price=800, locked=True)
    streams.deliver(rules(STORE, 1, locked, ItemRule(product_id="9", max_price=5)))
    assert container.read_models.item(STORE, "1") is None, "a rule alone shows no item"
    streams.deliver(observed(STORE, 2, item("1", 1_000, cost=None, stock=None), item("2", 500, has_variants=True)))
    seen = container.read_models.item(STORE, "1")
    assert seen is not None
    assert (seen.min_price, seen.max_price, seen.locked, seen.cost, seen.stock) == (800, None, True, None, None)
    assert steps(container, "2") == [], "a product that is priced through its variants has no price"
    streams.deliver(
        rules(STORE, 3, ItemRule(product_id="1")), told(onboarding.CatalogItemsRemoved, STORE, 4, keys=["1"])
    )
    gone = container.read_models.item(STORE, "1")
    assert gone is not None
    assert (gone.status, gone.locked, gone.min_price, gone.name) == ("deleted", False, None, "عطر 1")


def test_a_run_that_either_service_tells_of_first(container: Container, streams: Streams) -> None:
    streams.deliver(RUN.started(2), RUN.assessed(3))
    first = container.read_models.run(STORE, RUN.run_id)
    assert first is not None
    assert (first.state, first.trigger, first.requested_at) == (RunState.RUNNING, "run_now", None)
    assert first.advice is not None
    assert first.advice.summary_en == "The market is calm"
    streams.deliver(RUN.asked(1))
    streams.deliver(RUN.completed(4))
    whole = container.read_models.run(STORE, RUN.run_id)
    assert whole is not None
    assert (whole.state, whole.trigger, whole.requested_by) == (RunState.COMPLETED, "schedule", "scheduler")
    assert whole.statistics is not None
    assert (whole.mode, whole.statistics.held, whole.advice) == ("semi_auto", 1, first.advice)
    late = Run(STORE, "r2")
    streams.deliver(late.failed(9), late.asked(5))
    failed = container.read_models.run(STORE, late.run_id)
    assert failed is not None
    assert (failed.state, failed.failure, failed.started_at) == (RunState.FAILED, "scout: no page was reached", None)


def test_points_of_rivals_grow_old_and_do_not_come_back(container: Container, streams: Streams) -> None:
    day = 24 * 60
    messages = [
        *streams.deliver(RUN.offers(0, ("1", PAGE, 1_000)), RUN.offers(day, ("1", PAGE, None))),
        *streams.deliver(RUN.offers(89 * day, ("1", PAGE, 900))),
    ]
    read, long_ago = container.read_models, NOW - timedelta(days=365)
    assert [one.price for one in read.offer_points(STORE, "1", long_ago)] == [1_000, 900], (
        "what has no price is no point"
    )
    messages += streams.deliver(RUN.offers(91 * day, ("1", PAGE, 950)))
    kept = [900, 950]
    assert [one.price for one in read.offer_points(STORE, "1", long_ago)] == kept
    before = rows_of(container)
    for again in (messages[:1], messages):
        streams.fold(again)
        assert rows_of(container) == before, "told again, nothing changes"
    (offer,) = read.offers(STORE, "1")
    assert (offer.price, offer.fitness, offer.observed_at) == (950, "usable", NOW + timedelta(days=91))


def test_why_a_price_stays_until_a_run_proposes_another(container: Container, streams: Streams) -> None:
    streams.deliver(RUN.held(1, "1", reference=900))
    held = container.read_models.held(STORE, "1")
    assert held is not None
    assert (held.reason, held.reason_ar) == ("movement/cooldown", "لم تمضِ المدة")
    streams.deliver(Run(STORE, "r2").proposed(2, "1", 1_000, 900))
    assert container.read_models.held(STORE, "1") is None


def test_what_a_store_is_told_to_be(container: Container, streams: Streams) -> None:
    assert container.read_models.store(STORE) is None
    streams.deliver(RUN.asked(30))
    assert container.read_models.store(STORE) is None, "its authorisation was not heard yet"
    streams.deliver(
        authorized(STORE),
        told(
            onboarding.StorePaused, STORE, 1, fence=1, reason="Too many cuts", reason_ar="خفض كثير", paused_by="breaker"
        ),
        told(onboarding.EntitlementChanged, STORE, 2, status="trial", ends_on=NOW.date()),
        told(onboarding.StoreSettingsChanged, STORE, 3, settings_version=2, settings=StoreSettings(), changed_by="k"),
    )
    store = container.read_models.store(STORE)
    assert store is not None
    assert (store.paused, store.pause_reason_ar, store.connected, store.settings_version) == (True, "خفض كثير", True, 2)
    assert (store.entitled_on(NOW.date()), store.entitled_on(NOW.date() + timedelta(days=1))) == (True, False)
    assert store.heard_at == NOW + timedelta(minutes=30), "the newest event of any service"
    streams.deliver(
        told(onboarding.StoreResumed, STORE, 4, fence=1, resumed_by="k"),
        told(onboarding.ReauthorizationRequired, STORE, 5, reason="user_gone", detail="x"),
        system(6, stopped=True, fence=1),
    )
    store, installation = container.read_models.store(STORE), container.read_models.system()
    assert store is not None
    assert (store.paused, store.pause_reason, store.connected) == (False, None, False)
    assert store.needs_reauthorization == "user_gone"
    assert (installation.stopped, installation.system_fence) == (True, 1)
    assert container.read_models.store("system") is None


def session(store_hash: bytes) -> SessionView:
    return SessionView(store_hash, "", Role.VIEWER, NOW, NOW, NOW + timedelta(days=7), None, "token")


def test_a_store_that_is_forgotten_takes_its_sessions_along(container: Container, streams: Streams) -> None:
    streams.deliver(authorized(STORE, name="متجر فلان"), authorized(OTHER), observed(STORE, 1, item("1", 1_000)))
    own, ends = container.own, NOW + timedelta(minutes=15)

    def sign_in(store_id: str, name: bytes) -> None:
        own.add_link(b"link" + name, store_id, Role.OWNER, ends)
        own.use_link(b"link" + name, session(name))

    sign_in(STORE, b"one")
    sign_in(OTHER, b"two")
    own.add_link(b"open", STORE, Role.OWNER, ends)
    gone = told(
        onboarding.StoreForgotten, STORE, 2, reason="requested", asked_at=NOW, due_at=NOW, asked_by="key_0"
    )  # fmt: skip
    messages = streams.deliver(gone)
    store = container.read_models.store(STORE)
    assert store is not None
    assert (store.name, store.domain, store.forgotten) == ("forgotten", None, True)
    assert own.link(b"open", NOW) is None
    assert (own.sessions(STORE, NOW), len(own.sessions(OTHER, NOW))) == ((), 1)
    assert container.read_models.item(STORE, "1") is not None, "history stays"
    streams.deliver(authorized(STORE, 3))
    sign_in(STORE, b"three")
    streams.fold(messages)
    again = container.read_models.store(STORE)
    assert again is not None
    assert (again.name, again.forgotten, len(own.sessions(STORE, NOW))) == (f"متجر {STORE}", False, 1)


def test_every_event_there_is_can_be_told_and_told_again(container: Container, streams: Streams) -> None:
    """Complete examples, all of one store; of keys the kit's own tests speak."""
    keys = (onboarding.ApiKeyIssued, onboarding.ApiKeyRevoked)
    messages = streams.deliver(*(example_of(model) for model in REGISTRY.values() if model not in keys))
    # One event tells no change of a rival's price.
    offers = example_of(optimizer.OffersObserved)
    assert isinstance(offers, optimizer.OffersObserved)
    dearer = [
        one.model_copy(update={"price": (one.price or 0) + 1, "observed_at": one.observed_at + timedelta(hours=1)})
        for one in offers.offers
    ]
    messages += streams.deliver(offers.model_copy(update={"offers": tuple(dearer)}))
    before = rows_of(container)
    assert [table for table, rows in before.items() if not rows] == []
    streams.fold(messages)
    assert rows_of(container) == before


def test_two_streams_write_about_the_same_stores_without_waiting_for_each_other(
    container: Container, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two batches name the same stores in opposite orders, and stand in the middle: without one order of locks each
    would then wait for what the other has, until PostgreSQL ended one of them and it began again."""
    stores = [str(number) for number in range(1, 10)]
    streams.fold(streams.publish(*(authorized(name) for name in stores)))
    batches = (
        streams.publish(*(authorized(name, 1) for name in stores)),
        streams.publish(*(Run(name).started(1) for name in reversed(stores))),
    )
    begun: list[Batch] = []
    write = Batch._write

    def counted(batch: Batch, cursor: Cursor[DictRow]) -> None:
        begun.append(batch)
        write(batch, cursor)

    monkeypatch.setattr(Batch, "_write", counted)

    def both_wait() -> bool:
        found = container.application.database.fetch_one(
            "SELECT count(DISTINCT pid) AS waiting FROM pg_locks WHERE NOT granted"
            " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return found is not None and found["waiting"] == 2

    threads = [threading.Thread(target=streams.fold, args=(batch,)) for batch in batches]
    with container.application.database.transaction() as middle:
        middle.execute("SELECT FROM stores WHERE store_id = '5' FOR UPDATE")
        for thread in threads:
            thread.start()
        wait_until(both_wait, what="both wait for the store in the middle")
    for thread in threads:
        thread.join()
    assert len(begun) == 2, "neither had to begin again"
    heard = [container.read_models.store(name) for name in stores]
    assert all(one is not None and one.heard_at == NOW + timedelta(minutes=1) for one in heard)


@pytest.mark.parametrize(
    ("event", "ar", "en", "actor"),
    [
        (
            told(onboarding.StorePaused, STORE, 1, fence=1, reason="Eid", paused_by="key_1"),
            "أُوقف التسعير: Eid", "Pricing was paused: Eid", "key_1",
        ),
        (
            RUN.applied(1, "1", 1_000, 950), "أصبح السعر 9.50 ر.س بعد التحقق منه",
            "The price is now 9.50 SAR, read back", None,
        ),
        (
            RUN.stale(1, "1"), "لم يُكتب السعر لأن الحال تغيّر: عُدّل السعر يدويًا",
            "The price was not written, things had changed: the price was edited by hand", None,
        ),
        (RUN.decided(1, "1", 1_000, 950, by="policy"), "تقرر السعر 9.50 ر.س", "9.50 SAR was decided", "policy"),
        (RUN.rejected(1, "1"), "رُفض السعر: قريب من العيد", "The price was rejected: قريب من العيد", "key_1"),
    ],
)  # fmt: skip
def test_what_is_said_of_events(event: EventData, ar: str, en: str, actor: str | None) -> None:
    line = said_of(event)
    assert line is not None
    assert (line.ar, line.en, line.actor) == (ar, en, actor)
