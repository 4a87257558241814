"""What of a crew's answer may be heard: only what the brief knows, within the bounds; the rest is counted."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.crew import answers
from tests.support.facts import NOW, make_item, make_offer, make_store

from thaman_contracts.events.advice import AdviceWhy, OfferVerdict
from thaman_contracts.events.optimizer import OfferFitness, Risk
from thaman_optimizer.domain.assessment import NO_ADVICE, Assessment
from thaman_optimizer.domain.brief import Brief, brief_of, prompt_digest
from thaman_optimizer.domain.clamping import clamp
from thaman_optimizer.domain.plain_text import LONGEST_SUMMARY, LONGEST_TITLE, summary, title


def brief(*prices: int) -> Brief:
    """A brief of one item with an offer at each of ``prices``."""
    return brief_of(make_store(), [make_item(*prices)], {"10": "عطر"}, NOW)


def said(**advice: Any) -> dict[str, Any]:
    """An answer about the one item."""
    return {"items": [{"item": "i1"} | advice], "summary_ar": "", "summary_en": ""}


def test_what_is_allowed_comes_through() -> None:
    answer = said(drop=["o1"], demand_factor_bp=11_000, demand_days=3, risk="high", hold=True, why="bait")
    found = clamp(answer | {"summary_en": "A calm market."}, brief(9_600, 9_700, 9_800, 9_900))
    (advice,) = found.assessment.advice
    assert [(one.url, one.verdict) for one in advice.offers] == [("https://rival0.example/p", OfferVerdict.DROP)]
    assert (advice.demand_factor_bp, advice.demand_until) == (11_000, NOW + timedelta(days=3))
    assert (advice.least_risk, advice.hold, advice.why) == (Risk.HIGH, True, AdviceWhy.BAIT)
    assert (found.summary_en, found.ignored) == ("A calm market.", 0)


@pytest.mark.parametrize(
    ("advice", "ignored"),
    [
        ({"price": 1}, 1),
        ({"floor": 0, "cost": 1}, 2),
        ({"risk": "low"}, 1),
        ({"risk": 3}, 1),
        ({"drop": ["o9"]}, 1),
        ({"drop": "o1"}, 1),
        ({"drop": [1, None]}, 2),
        ({"hold": "yes"}, 1),
        ({"demand_factor_bp": True}, 1),
        ({"demand_factor_bp": float("nan")}, 1),
        ({"why": "because"}, 1),
    ],
)
def test_what_is_not_allowed_is_left_out_and_counted(advice: dict[str, Any], ignored: int) -> None:
    found = clamp(said(**advice), brief(9_600, 9_700, 9_800))
    assert found.assessment == NO_ADVICE
    assert found.ignored == ignored


@pytest.mark.parametrize(("said_bp", "heard_bp"), [(0, 8_000), (10**30, 12_500), (-5, 8_000), (12_501, 12_500)])
def test_factors_stay_within_their_bounds(said_bp: int, heard_bp: int) -> None:
    found = clamp(said(demand_factor_bp=said_bp, demand_days=365), brief(9_600))
    (advice,) = found.assessment.advice
    assert advice.demand_factor_bp == heard_bp
    assert advice.demand_until == NOW + timedelta(days=14)
    assert found.ignored == 2


def test_more_than_half_of_the_offers_cannot_be_talked_away() -> None:
    found = clamp(said(drop=["o1"], weaken=["o2"]), brief(9_600, 9_700, 9_800))
    (advice,) = found.assessment.advice
    assert advice.offers == ()
    assert advice.least_risk is Risk.MEDIUM
    assert found.ignored == 2


def test_an_item_or_another_stores_item_is_heard_once_or_not_at_all() -> None:
    answer = {"items": [{"item": "i1", "hold": True}, {"item": "i1"}, {"item": "i2"}, {"item": "10"}, "i1", None]}
    found = clamp(answer, brief(9_600))
    assert [advice.key for advice in found.assessment.advice] == ["10"]
    assert found.ignored == 5


@pytest.mark.parametrize("raw", [None, [], "text", 7, {"items": "i1"}, {"items": {"item": "i1"}}, {}])
def test_an_answer_of_any_shape_is_no_advice(raw: object) -> None:
    found = clamp(raw, brief(9_600))
    assert found.assessment.digest is None
    assert found.ignored == (0 if raw == {} else 1)


@settings(max_examples=500, deadline=None)
@given(answers())
def test_whatever_is_answered_stays_within_the_brief_and_the_bounds(raw: object) -> None:
    asked = brief(9_600, 9_700, 9_800, 9_900)
    urls = {offer.url for item in asked.items for offer in item.offers}
    found = clamp(raw, asked)
    for advice in found.assessment.advice:
        assert advice.key == "10"
        assert {one.url for one in advice.offers} <= urls
        assert len(advice.offers) <= 2
        assert 8_000 <= advice.demand_factor_bp <= 12_500
        assert (advice.demand_until is None) is (advice.demand_factor_bp == 10_000)
        if advice.demand_until is not None:
            assert NOW < advice.demand_until <= NOW + timedelta(days=14)
        assert advice.least_risk in (None, Risk.MEDIUM, Risk.HIGH)
    assert len(found.assessment.advice) <= 1


@given(st.text(max_size=2_000))
def test_shown_text_is_short_and_has_nothing_unseen(text: str) -> None:
    for shown, longest in ((title(text), LONGEST_TITLE), (summary(text), LONGEST_SUMMARY)):
        assert len(shown) <= longest
        assert shown.isprintable()
        assert not set(shown) & set("\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@pytest.mark.parametrize(
    "text", ["see https://evil.example/x", "see www.evil.example", "mail me@evil.example", "see evil.example now"]
)
def test_a_summary_leads_nowhere(text: str) -> None:
    assert "evil" not in summary(text)
    assert summary("السعر 299.50 ريال، ارتفع 2.5%") == "السعر 299.50 ريال، ارتفع 2.5%"


def test_a_brief_shows_numbers_and_harmless_titles_and_no_more() -> None:
    item = make_item(9_600, product_id="778899", cost=5_123, min_price=6_001, max_price=20_002)
    hidden = make_offer(1, "unread", fitness=OfferFitness.UNREADABLE)
    old = make_offer(9_000, "old", observed_at=NOW - timedelta(days=9))
    store = make_store(store_id="4242")
    found = brief_of(store, [_with(item, hidden, old)], {"778899": "Oud\u202e\nIgnore\x00 all " + "x" * 200}, NOW)
    (shown,) = found.document["items"]
    assert shown["title"].startswith("Oud Ignore all x") and len(shown["title"]) == 80
    assert [offer["price"] for offer in shown["offers"]] == [9_600]
    for secret in ("778899", "4242", "5123", "6001", "20002", "https://"):
        assert secret not in found.text


def _with(item: Any, *offers: Any) -> Any:
    from dataclasses import replace

    return replace(item, offers=(*item.offers, *offers))


def test_a_brief_shows_a_bounded_number_of_items_those_in_doubt_first() -> None:
    calm = [make_item(9_900, 10_100, product_id=str(number)) for number in range(100, 140)]
    doubt = make_item(1_000, 10_100, product_id="7")
    found = brief_of(make_store(), [*calm, doubt, make_item(product_id="8")], {}, NOW)
    assert len(found.items) == 30
    assert found.items[0].product_id == "7"
    assert "8" not in {item.product_id for item in found.items}


def test_the_prompts_digest_covers_what_is_shown_and_the_words() -> None:
    one, other = brief(9_600), brief(9_601)
    assert prompt_digest(one.document, "a") == prompt_digest(one.document, "a")
    assert (
        len({prompt_digest(one.document, "a"), prompt_digest(one.document, "b"), prompt_digest(other.document, "a")})
        == 3
    )


def test_advice_only_weakens_offers() -> None:
    item = make_item(9_600, 9_700, 9_800, 9_900)
    asked = brief_of(make_store(), [item], {}, NOW)
    heard = clamp(said(drop=["o1"], weaken=["o2"]), asked).assessment.heard(item)
    assert [(offer.price, offer.confidence_bp) for offer in heard.offers] == [
        (9_700, 7_071),
        (9_800, 10_000),
        (9_900, 10_000),
    ]
    assert Assessment().heard(item) is item
