"""Why a price is what it is, from a real ledger: each cause named, nothing invented, nothing of another store."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from thaman_audit.bootstrap import Container
from thaman_audit.domain.why import Why
from thaman_audit.domain.why.answer import How, WhyStatus
from thaman_audit.errors import FutureInstant, PricedByVariants, UnknownItem, UnreadableEntry
from thaman_audit.testing import NOW, Streams, made_again
from thaman_audit.testing_why import Pricing, at
from thaman_audit.why import why
from thaman_contracts.events import EventData, advice, onboarding, optimizer
from thaman_contracts.handover import WriteState

STORE, OTHER = "77", "78"
ONE = Pricing(STORE, 10_000, 9_900)
LATER = at(hours=1_000)
GOLDEN = Path(__file__).parent / "golden"


def asked(container: Container, when: datetime, item: str = "1", store_id: str = STORE) -> Why:
    return why(container.tables, store_id, item, when, LATER)


def tell(streams: Streams, events: Iterable[EventData]) -> None:
    """One by one, so that the ledger has them in the order in which they happened."""
    for event in events:
        streams.deliver(event)


def both(told: Why) -> tuple[str, str]:
    """All words, without the isolates."""
    ar, en = ("\n".join(lines).replace("\u2068", "").replace("\u2069", "") for lines in (told.told_ar, told.told_en))
    return ar, en


def test_a_written_price_names_every_cause(container: Container, streams: Streams) -> None:
    tell(streams, ONE.whole())
    told = asked(container, at(hours=3))
    assert told.status is WhyStatus.KNOWN
    assert told.price is not None
    assert (told.price.how, told.price.who) == (How.DECISION, "policy")
    assert (told.price.base_price, told.price.shelf_price, told.price.old_base_price) == (9_900, 9_900, 10_000)
    assert told.price.since == at(hours=2, minutes=1) + timedelta(seconds=3)
    cause = told.cause
    assert cause is not None
    assert cause.proposal is not None
    assert (cause.proposal.floor, cause.proposal.ceiling, cause.proposal.risk_reasons) == (
        8_000,
        13_000,
        ("small_cut",),
    )
    assert [step.guard for step in cause.proposal.trail] == ["largest_step"]
    assert cause.proposal.outcome.decided_by == "policy"
    (offer,) = cause.offers
    assert (offer.competitor, offer.url, offer.price, offer.earlier) == ("المنافس", ONE.page, 9_900, False)
    assert offer.run_id == ONE.run.run_id
    assert (cause.approval, cause.advice, cause.reverts) == (None, None, None)
    assert cause.run is not None
    assert (cause.run.requested_by, cause.run.trigger, cause.run.status) == ("requested by", "schedule", "started")
    assert (cause.write.state, cause.write.corrected, len(cause.write.attempts)) == (WriteState.APPLIED, False, 1)
    assert told.seen is not None
    assert (told.seen.cost, told.seen.stock, told.seen.base_price) == (6_000, 7, 10_000)
    assert (told.open, told.after, told.gone_at, told.put_back) == ((), None, None, None)


def test_the_answer_names_the_entries_it_was_made_of(container: Container, streams: Streams) -> None:
    tell(streams, ONE.whole())
    told = asked(container, at(hours=3))
    entries = {entry.seq: entry for entry in container.tables.chain(STORE)}
    assert {source.name for source in told.sources} == {
        "CatalogObserved", "OffersObserved", "PriceProposed", "PriceDecided", "PriceWriteStarted", "PriceApplied",
    }  # fmt: skip
    for source in told.sources:
        assert source.hash == entries[source.seq].hash.hex()
        assert source.at == entries[source.seq].occurred_at


def test_the_words_are_these(container: Container, streams: Streams) -> None:
    """Everything that can be said at once: approved by a person, advised, written twice, settled by reading, edited."""
    assessed = ONE.run.event(
        advice.MarketAssessed,
        timedelta(minutes=1),
        outcome=advice.AssessmentOutcome.OK,
        advice=(
            advice.ItemAdvice(
                product_id="1", offers=(advice.OfferAdvice(url=ONE.page, verdict=advice.OfferVerdict.WEAKEN),),
                demand_factor_bp=11_000, least_risk=optimizer.Risk.MEDIUM, why=advice.AdviceWhy.SEASON,
            ),
        ),
    )  # fmt: skip
    ask = optimizer.Disposition.ASK
    tell(streams, [ONE.seen(), *ONE.market(), assessed, ONE.proposed(disposition=ask)])
    tell(streams, [*ONE.approved("layla", "input digest"), ONE.started(), ONE.uncertain(), ONE.started(2, 4)])
    tell(streams, [*ONE.applied(6, "read_back"), *ONE.edited(9_550, 120)])
    told = asked(container, at(hours=2, minutes=30))
    for language, lines in (("ar", told.told_ar), ("en", told.told_en)):
        assert "\n".join(lines) + "\n" == (GOLDEN / f"why_{language}.txt").read_text(encoding="utf-8")


def test_what_people_read_is_riyals_in_riyadh_and_isolated(container: Container, streams: Streams) -> None:
    hostile = "\u202eevil\u2069 \x1b[31m عطر"
    tell(streams, [ONE.seen(name=hostile)])
    told = asked(container, at(hours=1))
    for lines in (told.told_ar, told.told_en):
        text = "\n".join(lines)
        assert "\u2068100.00\u2069" in text
        assert "\u20682026-11-24 13:30:00\u2069" in text, "10:30 UTC is 13:30 in Riyadh"
        assert "\u2068evil [31m عطر\u2069" in text
        assert text.count("\u2068") == text.count("\u2069")
    machine = json.loads(told.model_dump_json())
    assert machine["at"] == "2026-11-24T10:30:00Z"
    assert machine["price"]["base_price"] == 10_000


def test_a_price_that_thaman_never_wrote_is_from_before_it(container: Container, streams: Streams) -> None:
    tell(streams, [ONE.seen(cost=None, stock=None)])
    told = asked(container, at(hours=3))
    assert told.price is not None
    assert (told.price.how, told.price.who, told.price.old_base_price) == (How.FIRST_SEEN, None, None)
    assert told.price.since == told.first_seen_at == at(minutes=30)
    assert told.cause is None
    ar, en = both(told)
    assert "From before Thaman" in en
    assert "cost unknown, stock unknown" in en
    assert "من قبل ثَمَن" in ar
    assert "التكلفة غير معروفة" in ar


def test_a_hand_edit_is_named_and_nobody_is_blamed(container: Container, streams: Streams) -> None:
    tell(streams, [*ONE.whole(), *ONE.edited(9_500, 180)])
    told = asked(container, at(hours=5))
    assert told.price is not None
    assert (told.price.how, told.price.who, told.price.found_by) == (How.MANUAL_EDIT, None, "webhook")
    assert (told.price.base_price, told.price.shelf_price, told.price.old_base_price) == (9_500, 9_500, 9_900)
    assert told.price.since == at(hours=4)
    assert told.cause is None
    assert told.seen is not None
    assert told.seen.at == at(hours=4)
    before = asked(container, at(hours=3))
    assert before.after is not None
    assert before.cause is not None
    assert (before.after.how, before.after.base_price, before.after.since) == (How.MANUAL_EDIT, 9_500, at(hours=4))
    assert "edited by hand in Salla" in both(before)[1]


def test_the_next_decision_is_what_came_after(container: Container, streams: Streams) -> None:
    two = Pricing(STORE, 9_900, 9_700, cause="r2", hours=9)
    tell(streams, [*ONE.whole(), *two.whole()])
    told = asked(container, at(hours=5))
    assert told.price is not None
    assert told.after is not None
    assert told.price.base_price == 9_900
    assert (told.after.how, told.after.who, told.after.base_price) == (How.DECISION, "policy", 9_700)
    assert told.after.decision_id == two.decision_id
    now = asked(container, at(hours=20))
    assert now.price is not None
    assert (now.price.base_price, now.price.old_base_price, now.after) == (9_700, 9_900, None)
    assert now.cause is not None
    assert now.cause.write.decision_id == two.decision_id


def test_an_approval_says_who_when_and_what_was_shown(container: Container, streams: Streams) -> None:
    cases = (("1", "input digest", True), ("2", "another", False), ("3", None, None))
    for product, digest, same in cases:
        one = Pricing(STORE, 10_000, 9_900, product, cause=f"r{product}")
        tell(streams, [one.seen(), *one.market(), one.proposed(disposition=optimizer.Disposition.ASK)])
        tell(streams, [*one.approved("layla", digest), one.started(), *one.applied()])
        told = asked(container, at(hours=5), product)
        assert told.price is not None
        assert told.cause is not None
        assert told.cause.approval is not None
        assert (told.price.who, told.cause.approval.by, told.cause.approval.at) == ("layla", "layla", at(hours=2))
        assert (told.cause.approval.shown_digest, told.cause.approval.shown_this) == (digest, same)


def test_a_price_being_written_leaves_the_old_one_in_force_and_says_so(container: Container, streams: Streams) -> None:
    tell(streams, [ONE.seen(), *ONE.market(), ONE.proposed(), ONE.decided(), ONE.started(), ONE.uncertain()])
    moments = {
        at(hours=1, minutes=10): WriteState.DUE,
        at(hours=2, minutes=1) + timedelta(seconds=1): WriteState.WRITING,
        at(hours=2, minutes=30): WriteState.UNCERTAIN,
    }
    for settled in (False, True):
        if settled:
            tell(streams, ONE.applied(3_600, "read_back"))
        for when, state in moments.items():
            told = asked(container, when)
            assert told.price is not None
            assert (told.price.base_price, told.price.how) == (10_000, How.FIRST_SEEN)
            (open_write,) = told.open
            assert open_write.state is state
            assert open_write.write.state is (WriteState.APPLIED if settled else WriteState.UNCERTAIN)
            assert (told.after is not None) is settled
            assert ("Until then Salla may have shown either price" in both(told)[1]) is (state is not WriteState.DUE)
    done = asked(container, at(hours=5))
    assert done.price is not None
    assert done.cause is not None
    assert (done.price.base_price, done.open) == (9_900, ())
    assert (done.cause.write.corrected, done.cause.write.attempts[0].uncertain_reason) == (True, "no answer in time")
    assert "reading settled what had been uncertain" in both(done)[1]


def test_a_failed_write_leaves_the_price_and_is_no_longer_open(container: Container, streams: Streams) -> None:
    failed = ONE.written(onboarding.PriceApplyFailed, 9, reason="refused", detail="422")
    tell(streams, [ONE.seen(), *ONE.market(), ONE.proposed(), ONE.decided(), ONE.started(), failed])
    told = asked(container, at(hours=5))
    assert told.price is not None
    assert (told.price.base_price, told.open, told.after) == (10_000, (), None)
    (open_write,) = asked(container, at(hours=1, minutes=30)).open
    assert (open_write.state, open_write.write.state) == (WriteState.DUE, WriteState.FAILED)


def test_a_price_put_back_by_somebody_names_our_earlier_write(container: Container, streams: Streams) -> None:
    """A base price that Thaman wrote last is no hand edit when it is seen again, so only the catalogue tells it."""
    tell(streams, [*ONE.whole(), *ONE.edited(9_500, 180), ONE.seen(9_900, 300)])
    told = asked(container, at(hours=8))
    assert told.price is not None
    assert told.put_back is not None
    assert (told.price.how, told.price.base_price, told.cause) == (How.OBSERVED, 9_900, None)
    assert told.put_back.decision_id == ONE.decision_id
    assert "who put it back is not known" in both(told)[1]


def test_a_price_restored_by_request_says_whose(container: Container, streams: Streams) -> None:
    back = Pricing(STORE, 9_900, 10_000, cause="undo", hours=9)
    undone = {"reverts_decision_id": ONE.decision_id, "reverts_decision_ids": (UUID(int=1), ONE.decision_id)}
    request = back.about(
        optimizer.PriceReverted, timedelta(), **undone, reverted_by="layla", scope=optimizer.UndoScope.RUN
    )
    written = [back.decided("layla", timedelta()), back.started(), *back.applied()]
    tell(streams, [*ONE.whole(), request, *written])
    told = asked(container, at(hours=20))
    assert told.price is not None
    assert told.cause is not None
    assert told.cause.reverts is not None
    assert (told.price.base_price, told.price.how) == (10_000, How.DECISION)
    assert (told.cause.reverts.by, told.cause.reverts.reverts_decision_id) == ("layla", ONE.decision_id)
    for text in both(told):
        assert "layla" in text and str(ONE.decision_id) in text
    # An undo is a person's word: it has no proposal and no run that could be missing.
    assert "has not heard" not in both(told)[1]
    before = asked(container, at(hours=5))
    assert before.reverted is not None
    assert before.reverted.by == "layla"
    assert told.reverted is None


def test_the_shelf_may_change_under_a_base_price_that_stands(container: Container, streams: Streams) -> None:
    tell(streams, [*ONE.whole(), ONE.seen(9_900, 180, shelf_price=8_800, sale_price=8_800, sale_running=True)])
    told = asked(container, at(hours=5))
    assert told.price is not None
    assert (told.price.how, told.price.base_price, told.price.shelf_price) == (How.DECISION, 9_900, 8_800)
    assert told.after is None
    assert asked(container, at(hours=3)).price == told.price.model_copy(update={"shelf_price": 9_900})


def test_a_sale_after_a_hand_edit_is_seen(container: Container, streams: Streams) -> None:
    sale = {"shelf_price": 8_800, "sale_price": 8_800, "sale_running": True}
    tell(streams, [*ONE.whole(), *ONE.edited(9_500, 180), ONE.seen(9_500, 240, **sale)])
    edited, discounted = (asked(container, at(hours=hours)).price for hours in (4.5, 6))
    assert edited is not None and discounted is not None
    assert (edited.how, edited.base_price) == (How.MANUAL_EDIT, 9_500)
    assert (discounted.base_price, discounted.shelf_price) == (9_500, 8_800)


def test_before_the_first_look_nothing_is_known_and_the_future_is_refused(
    container: Container, streams: Streams
) -> None:
    tell(streams, ONE.whole())
    told = asked(container, NOW)
    assert (told.status, told.price, told.cause, told.after) == (WhyStatus.BEFORE_FIRST_SEEN, None, None, None)
    assert told.first_seen_at == at(minutes=30)
    assert len(told.told_en) == len(told.told_ar) == 1
    assert "no price is known" in told.told_en[0]
    with pytest.raises(FutureInstant):
        asked(container, LATER + timedelta(seconds=1))


def test_a_variant_has_its_own_answer_and_its_product_names_it(container: Container, streams: Streams) -> None:
    small = Pricing(STORE, 10_000, 9_900, "5", "51", cause="r51")
    large = Pricing(STORE, 20_000, 19_800, "5", "52", cause="r52")
    parent = Pricing(STORE, 10_000, 9_900, "5").seen(has_variants=True)
    tell(streams, [parent, *small.whole(), *large.whole()])
    told = asked(container, at(hours=5), "5/51")
    assert told.price is not None
    assert told.cause is not None
    assert (told.variant_id, told.price.base_price, told.cause.write.variant_id) == ("51", 9_900, "51")
    assert [offer.variant_id for offer in told.cause.offers] == ["51"]
    assert "19800" not in told.model_dump_json()
    with pytest.raises(PricedByVariants) as caught:
        asked(container, at(hours=5), "5")
    assert caught.value.variants == ("5/51", "5/52")
    with pytest.raises(UnknownItem):
        asked(container, at(hours=5), "404")


def test_offers_of_earlier_runs_and_advice_are_told(container: Container, streams: Streams) -> None:
    one = Pricing(STORE, 10_000, 9_900, cause="r0", hours=1)
    two = Pricing(STORE, 10_000, 9_900, cause="r1", hours=5)
    weaken = advice.OfferAdvice(url=one.page, verdict=advice.OfferVerdict.WEAKEN)
    mine = advice.ItemAdvice(product_id="1", offers=(weaken,), demand_factor_bp=9_000)
    others = advice.ItemAdvice(product_id="2", hold=True)
    said = two.run.event(advice.MarketAssessed, timedelta(minutes=1), advice=(others, mine))
    *_, handed_over = [event for event in two.market() if isinstance(event, optimizer.MarketScouted)]
    begun = two.run.event(optimizer.OptimizationStarted, timedelta())
    tell(streams, [one.seen(), *one.market(), two.run.asked(), begun, handed_over, said])
    tell(streams, [two.proposed(), two.decided(), two.started(), *two.applied()])
    told = asked(container, at(hours=9))
    assert told.cause is not None
    (offer,) = told.cause.offers
    assert (offer.earlier, offer.run_id, offer.verdict) == (True, one.run.run_id, advice.OfferVerdict.WEAKEN)
    assert told.cause.advice is not None
    assert told.cause.advice.item == mine
    assert "MarketAssessed" in {source.name for source in told.sources}


def test_an_item_that_is_gone_has_no_price_any_more(container: Container, streams: Streams) -> None:
    gone = onboarding.CatalogItemsRemoved(store_id=STORE, occurred_at=at(hours=6), keys=("1", "3"))
    tell(streams, [*ONE.whole(), gone])
    for hours in (5, 9):
        told = asked(container, at(hours=hours))
        assert told.gone_at == at(hours=6)
        assert "still stands" not in both(told)[1]
    tell(streams, [ONE.seen(9_900, 600)])
    assert asked(container, at(hours=9)).gone_at == at(hours=6)
    assert asked(container, at(hours=20)).gone_at is None


def test_streams_that_are_behind_leave_gaps_that_are_named(container: Container, streams: Streams) -> None:
    tell(streams, [ONE.seen(), ONE.started(), *ONE.applied()])
    told = asked(container, at(hours=5))
    assert told.price is not None
    assert told.cause is not None
    assert (told.price.how, told.price.who) == (How.DECISION, None)
    assert (told.cause.proposal, told.cause.write.decision, told.cause.run) == (None, None, None)
    ar, en = both(told)
    assert "Who decided it is not known" in en
    assert "The ledger has not heard of the run" in en
    assert "لا يُعرف من قرّره" in ar


def test_stores_do_not_mix(container: Container, streams: Streams) -> None:
    theirs = Pricing(OTHER, 55_500, 44_400)
    for pair in zip(ONE.whole(), theirs.whole(), strict=True):
        streams.deliver(*pair)
    before = asked(container, at(hours=5)).model_dump_json()
    assert not [word for word in ("44400", "444.00", f"/{OTHER}/", str(theirs.run.run_id)) if word in before]
    streams.deliver(*theirs.edited(66_600, 180))
    assert asked(container, at(hours=5)).model_dump_json() == before
    other = asked(container, at(hours=5), store_id=OTHER)
    assert other.price is not None
    assert other.price.base_price == 66_600


def test_the_same_question_has_the_same_answer_after_a_rebuild(container: Container, streams: Streams) -> None:
    tell(streams, [*ONE.whole(), *ONE.edited(9_500, 180)])
    before = [asked(container, at(hours=hours)).model_dump_json() for hours in (0, 2, 3, 5)]
    made_again(container)
    assert [asked(container, at(hours=hours)).model_dump_json() for hours in (0, 2, 3, 5)] == before


def test_a_spoiled_entry_is_said_and_not_guessed_around(container: Container, streams: Streams, admin_url: str) -> None:
    tell(streams, ONE.whole())
    with psycopg.connect(admin_url, autocommit=True) as admin:
        spoil = "UPDATE audit.ledger SET data = '\\xff' WHERE type LIKE '%.PriceProposed.%'"
        assert admin.execute(spoil.encode()).rowcount == 1
    with pytest.raises(UnreadableEntry):
        asked(container, at(hours=5))


def test_the_index_keeps_no_event_out_and_finds_each_item(container: Container, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:

        def items(data: str) -> list[str]:
            row = admin.execute("SELECT audit.ledger_items('77', %s::bytea)", (data.encode(),)).fetchone()
            assert row is not None
            return sorted(row[0])

        assert items("no JSON") == items('{"items": 3}') == items("[]") == items('{"keys": [null]}') == []
        both_kinds = '{"items": [{"product_id": "1", "variant_id": null}, {"product_id": "1", "variant_id": "2"}]}'
        assert items(both_kinds) == ["77 1", "77 1/2"]
        assert items('{"offers": [{"product_id": "1"}, {"product_id": "1"}], "keys": ["9/8"]}') == ["77 1", "77 9/8"]
        unreadable = admin.execute("SELECT audit.ledger_items('77', '\\xff00')").fetchone()
        assert unreadable == ([],)
