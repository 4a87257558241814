"""Floor, basis, endings, risk, disposition and the words, each by itself."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.priced_cases import judged

from thaman_contracts.envelope import encode
from thaman_contracts.events.optimizer import Disposition, Risk
from thaman_contracts.events.settings import AutomationMode, Ending, StoreSettings
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain import endings, explain
from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.disposition import course_of
from thaman_optimizer.domain.engine import Move
from thaman_optimizer.domain.facts import InputDigester, item_inputs, plain, store_inputs
from thaman_optimizer.domain.floor import floor_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


# -- floor


def test_floors_by_hand() -> None:
    margin = StoreSettings(min_margin_bp=1_000, fee_bp=250)
    markup = StoreSettings.model_validate({"min_margin_bp": 1_000, "fee_bp": 250, "margin_basis": "markup"})
    assert floor_of(5_000, 1_500, margin) == 6_572  # 50 x 1.15 / 0.875 = 65.714...
    assert floor_of(5_000, 1_500, markup) == 6_488  # 50 x 1.1 x 1.15 / 0.975 = 64.871...
    assert floor_of(5_000, 1_500, StoreSettings(min_margin_bp=0)) == 5_750


@given(
    st.integers(0, 10**9),
    st.sampled_from((0, 500, 1_500)),
    st.integers(0, 9_999),
    st.integers(0, 9_999),
    st.sampled_from(("margin", "markup")),
)
def test_the_floor_keeps_the_margin_and_one_halala_less_does_not(
    cost: int, vat_bp: int, margin_bp: int, fee_bp: int, basis: str
) -> None:
    settings = StoreSettings.model_validate({"min_margin_bp": margin_bp, "fee_bp": fee_bp, "margin_basis": basis})
    floor = floor_of(cost, vat_bp, settings)
    if floor is None:
        assert margin_bp + fee_bp >= BP_ONE
        return

    def kept(shelf: int) -> bool:
        net = Fraction(shelf * BP_ONE, BP_ONE + vat_bp)
        profit = net * (1 - Fraction(fee_bp, BP_ONE)) - cost
        return profit >= Fraction(margin_bp, BP_ONE) * (net if basis == "margin" else cost)

    assert kept(floor)
    assert floor == 0 or not kept(floor - 1)


# -- basis and endings


@given(st.integers(1, 10**9), st.sampled_from((0, 500, 1_500)), st.booleans())
def test_conversions_err_on_the_named_side(shelf: int, vat_bp: int, includes: bool) -> None:
    basis = Basis(includes, vat_bp)
    above, below, near = basis.base_at_least(shelf), basis.base_at_most(shelf), basis.base_near(shelf)
    assert above * basis.factor_bp >= shelf * BP_ONE > (above - 1) * basis.factor_bp
    assert basis.shelf(below) <= shelf < basis.shelf(below + 1) or basis.shelf(below) == shelf
    assert shelf <= basis.shelf(near) <= shelf + 1


@given(st.integers(1, 10**7), st.sampled_from(Ending))
def test_endings_are_neighbours(shelf: int, ending: Ending) -> None:
    tail = {Ending.WHOLE: 0, Ending.POINT_95: 95}.get(ending)
    above, below, near = endings.up(shelf, ending), endings.down(shelf, ending), endings.nearest(shelf, ending)
    assert below <= shelf <= above
    assert near > 0
    assert near in (above, below)
    if tail is not None:
        assert above % 100 == near % 100 == tail
        assert above - shelf < 100
        assert shelf - below < 100


@given(st.integers(1, 10**6), st.integers(0, 3_000), st.sampled_from(Ending), st.booleans())
def test_the_best_base_in_a_window_has_the_ending_and_lies_in_it(
    low: int, width: int, ending: Ending, includes: bool
) -> None:
    basis, high = Basis(includes, 1_500), low + width
    wanted = {base for base in range(low, high + 1) if _ends(basis, base, ending)}
    highest, lowest = (
        endings.highest_base(basis, low, high, ending),
        endings.lowest_base(basis, low, high, ending),
    )
    if includes:
        assert highest == (max(wanted) if wanted else None)
        assert lowest == (min(wanted) if wanted else None)
    for found in (highest, lowest):
        assert found is None or low <= found <= high


def _ends(basis: Basis, base: int, ending: Ending) -> bool:
    return endings.down(basis.shelf(base), ending) == basis.shelf(base)


# -- risk and disposition


@pytest.mark.parametrize(
    ("prices", "item", "settings", "risk", "reason"),
    [
        ((9_700, 9_700), {}, {}, Risk.LOW, "small_cut"),
        ((10_300, 10_300), {}, {}, Risk.LOW, "small_raise"),
        ((9_300, 9_300), {}, {}, Risk.MEDIUM, "change_medium"),
        ((9_300, 9_300), {}, {"risk_tolerance": "high"}, Risk.LOW, "small_cut"),
        ((9_600, 9_600), {}, {"risk_tolerance": "low"}, Risk.MEDIUM, "change_medium"),
        ((8_500, 8_500), {}, {"max_step_bp": 2_000}, Risk.HIGH, "change_large"),
        ((9_700, 9_700), {"cost": 7_500}, {}, Risk.HIGH, "near_floor"),
        ((9_700, 9_700), {"cost": 7_300}, {}, Risk.MEDIUM, "margin_thin"),
        ((9_700, 9_700), {"min_price": 10_100}, {}, Risk.HIGH, "outside_limits_now"),
        ((), {"min_price": 10_100}, {}, Risk.HIGH, "outside_limits_now"),
    ],
)
def test_risk_has_reasons(
    prices: tuple[int, ...],
    item: dict[str, Any],
    settings: dict[str, Any],
    risk: Risk,
    reason: str,
    store_facts: Callable[..., Any],
    item_facts: Callable[..., Any],
) -> None:
    found = judged(store_facts(settings=settings), item_facts(*prices, **item), NOW)
    assert isinstance(found, Move), found
    assert found.assessment.risk is risk
    assert found.assessment.reasons[0].split()[0] == reason


@pytest.mark.parametrize("mode", AutomationMode)
@pytest.mark.parametrize("risk", Risk)
def test_the_table_of_mode_and_risk(mode: AutomationMode, risk: Risk) -> None:
    written = {
        (AutomationMode.SEMI_AUTO, Risk.LOW),
        (AutomationMode.FULL_AUTO, Risk.LOW),
        (AutomationMode.FULL_AUTO, Risk.MEDIUM),
    }
    settings = StoreSettings(mode=mode)
    course = course_of(settings, risk, NOW)
    assert (course.disposition is Disposition.WRITE) is ((mode, risk) in written)
    assert course.notify is ((mode, risk) == (AutomationMode.FULL_AUTO, Risk.MEDIUM))
    assert course.marked is ((mode, risk) == (AutomationMode.SEMI_AUTO, Risk.HIGH))
    watched = settings.model_copy(update={"watch_until": NOW + timedelta(seconds=1)})
    assert course_of(watched, risk, NOW).disposition is Disposition.ASK
    over = settings.model_copy(update={"watch_until": NOW})
    assert course_of(over, risk, NOW) == course
    for own in AutomationMode:
        careful = min(mode, own, key=list(AutomationMode).index)
        assert course_of(settings, risk, NOW, own) == course_of(StoreSettings(mode=careful), risk, NOW)


# -- words and digests


def test_every_code_has_words_in_both_languages() -> None:
    for code in explain._WORDS:
        said = explain.words(code)
        assert said.ar
        assert said.en
        assert said.ar != said.en
    assert explain.words("from_a_later_release x=1") == explain.Reason(
        "from_a_later_release x=1", "from_a_later_release x=1"
    )


def test_a_proposal_is_explained_from_its_record(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    found = judged(store_facts(settings={"ending": "whole"}), item_facts(8_000, 8_100, 8_200), NOW)
    assert isinstance(found, Move)
    said = explain.why_proposed(
        currency="SAR",
        old=10_000,
        new=found.shelf_price,
        reference=found.reference.price,
        offers=found.reference.used,
        strategy=store_facts().settings.strategy,
        risk_reasons=found.assessment.reasons,
        trail=found.trail,
    )
    assert said.en == (
        "Lower from 100.00 to 90.00 SAR (-10.00 %). Rivals' reference price is 81.00 SAR from 3 offers; "
        "strategy: match the market. Limited by the largest step. Risk: the change is not small."
    )
    assert said.ar.startswith("خفض السعر من 100.00 إلى 90.00 ر.س")


def test_a_hold_is_explained(store_facts: Callable[..., Any], item_facts: Callable[..., Any]) -> None:
    found = judged(store_facts(), item_facts(9_000, cost=None), NOW)
    said = explain.why_held(found.trail)
    assert said.en == "The price stays: the cost is unknown, so there is no floor."
    assert said.ar == "السعر باقٍ: تكلفة المنتج غير معروفة، فلا حد أدنى للسعر."


def test_the_digest_is_of_canonical_json_and_of_every_input(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    store, item = store_facts(), item_facts(9_000)
    whole = {"engine": "e", "item": item_inputs(item), "now": NOW.isoformat(), "store": store_inputs(store)}
    digest = InputDigester("e", store, NOW)(item).digest
    assert digest == hashlib.sha256(encode(whole)).hexdigest()
    others = [
        InputDigester("f", store, NOW)(item).digest,
        InputDigester("e", store, NOW + DAY)(item).digest,
        InputDigester("e", store_facts(fence=4), NOW)(item).digest,
        InputDigester("e", store_facts(settings={"min_offers": 3}), NOW)(item).digest,
        InputDigester("e", store, NOW)(item_facts(9_001)).digest,
        InputDigester("e", store, NOW)(item_facts(9_000, cost=None)).digest,
    ]
    assert len({digest, *others}) == 7
    assert plain((NOW, Risk.LOW, None)) == [NOW.isoformat(), "low", None]
