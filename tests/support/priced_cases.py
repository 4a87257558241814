"""For property tests of the guards: any store, any item, sane or absurd, and what every answer has to keep to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.support.facts import NO_PAST, NOW
from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import Disposition, OfferFitness, Risk
from thaman_contracts.events.settings import (
    AutomationMode,
    Ending,
    MarginBasis,
    RiskTolerance,
    StoreSettings,
    Strategy,
)
from thaman_contracts.ids import item_key
from thaman_contracts.money import BP_ONE, change_bp
from thaman_optimizer.domain.advice import advise
from thaman_optimizer.domain.basis import Basis
from thaman_optimizer.domain.engine import Finding, Move, Stay, analyse
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.floor import floor_of
from thaman_optimizer.domain.guards import GUARDS, Guard

ABSURD = (0, 1, 2, 99, 10**12)

amounts = st.one_of(st.sampled_from(ABSURD), st.integers(1, 50_000), st.integers(1, 10**12))
maybe_amounts = st.none() | amounts
instants = st.none() | st.integers(-60, 20_000).map(lambda minutes: NOW - timedelta(minutes=minutes))


@st.composite
def policies(draw: st.DrawFn) -> StoreSettings:
    """Settings, also such as validation would never let in."""
    values: dict[str, Any] = {
        "mode": draw(st.sampled_from(AutomationMode)),
        "min_margin_bp": draw(st.integers(0, 12_000)),
        "margin_basis": draw(st.sampled_from(MarginBasis)),
        "fee_bp": draw(st.sampled_from((0, 250, 9_999, 10_000, 20_000))),
        "risk_tolerance": draw(st.sampled_from(RiskTolerance)),
        "strategy": draw(st.sampled_from([one for one in Strategy if one.is_store_wide])),
        "offset_bp": draw(st.integers(-20_000, 20_000)),
        "ending": draw(st.sampled_from(Ending)),
        "max_step_bp": draw(st.integers(1, 5_000)),
        "week_move_bp": draw(st.integers(1, 10_000)),
        "changes_per_day": draw(st.integers(1, 3)),
        "cooldown_minutes": draw(st.integers(0, 600)),
        "ceiling_over_baseline_bp": draw(st.integers(0, 10_000)),
        "min_offers": draw(st.integers(1, 3)),
    }
    return StoreSettings().model_copy(update=values)


@st.composite
def stores(draw: st.DrawFn) -> StoreFacts:
    """Stores that are mostly fit to be priced."""
    return StoreFacts(
        store_id="1",
        currency="SAR",
        prices_include_vat=draw(st.booleans()),
        vat_bp=draw(st.sampled_from((0, 500, 1_500))),
        connected=True,
        paused=draw(st.sampled_from((False, False, False, True))),
        stopped=False,
        entitled=True,
        fence=0,
        settings=draw(policies()),
        settings_version=1,
        catalogue_at=NOW,
    )


@st.composite
def offers(draw: st.DrawFn, around: int) -> tuple[OfferFacts, ...]:
    """Rivals near the price, and absurd ones."""
    near = st.integers(max(1, around // 2), max(1, around * 2))
    prices = draw(st.lists(st.one_of(near, near, amounts), max_size=6))
    return tuple(
        OfferFacts(
            competitor=f"c{draw(st.integers(0, 4))}",
            url=f"u{number}",
            fitness=draw(st.sampled_from((OfferFitness.USABLE,) * 6 + (OfferFitness.STALE,))),
            price=price,
            in_stock=draw(st.sampled_from((True, True, None, False))),
            confidence_bp=draw(st.integers(0, BP_ONE)),
            observed_at=NOW - timedelta(minutes=draw(st.integers(-5, 3_000))),
        )
        for number, price in enumerate(prices)
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[StoreFacts, ItemFacts]:
    """A store and one of its items."""
    store = draw(stores())
    base = draw(amounts)
    basis = Basis(store.prices_include_vat, store.vat_bp)
    cost = draw(st.one_of(maybe_amounts, st.integers(0, max(base, 1))))
    item = ItemFacts(
        product_id="1",
        variant_id=None,
        currency="SAR",
        status=draw(st.sampled_from((ItemStatus.SALE,) * 5 + (ItemStatus.OUT,))),
        base_price=base,
        shelf_price=basis.shelf(base) + draw(st.sampled_from((0, 0, 0, 1, -1, 7))),
        sale_price=draw(st.sampled_from((None, None, None, 1))),
        sale_ends_on=draw(st.none() | st.just(date(2026, 1, 1))),
        sale_running=draw(st.sampled_from((False,) * 5 + (True,))),
        cost=cost,
        baseline=draw(st.one_of(maybe_amounts, st.just(basis.shelf(base)))),
        min_price=draw(st.none() | st.none() | amounts),
        max_price=draw(st.none() | st.none() | amounts),
        locked=draw(st.sampled_from((False,) * 5 + (True,))),
        edited_at=draw(instants),
        in_flight=draw(st.sampled_from((False,) * 5 + (True,))),
        changes_today=draw(st.integers(0, 2)),
        last_change_at=draw(instants),
        week_anchor=draw(st.none() | st.integers(max(1, base // 2), max(1, base * 2))),
        offers=draw(offers(basis.shelf(base))),
    )
    return store, item


def judged(store: StoreFacts, item: ItemFacts, now: datetime = NOW, guards: Sequence[Guard] = GUARDS) -> Finding:
    """What becomes of one item that is all its store has: the engine is asked, then the guards in the order given."""
    known = item if item.past is not None else replace(item, past=NO_PAST)
    key = item_key(item.product_id, item.variant_id)
    return analyse(store, known, now, guards, advice=advise(store, [known], now).by_item.get(key))


def check(store: StoreFacts, item: ItemFacts, guards: Sequence[Guard]) -> None:
    """Whether the answer keeps to what every answer has to keep to."""
    check_found(store, item, judged(store, item, NOW, guards))


def check_found(store: StoreFacts, item: ItemFacts, found: Finding) -> None:
    if isinstance(found, Stay):
        assert "/" in found.reason
        assert found.trail[-1].outcome == "hold"
        assert found.trail[-1].detail
        return
    assert item.cost is not None
    assert not item.locked
    assert not item.in_flight
    assert not item.sale_running
    assert not store.paused
    _check_limits(store, item, found)
    _check_movement(store, item, found)
    if found.assessment.risk is Risk.HIGH or store.settings.mode is AutomationMode.MANUAL:
        assert found.course.disposition is Disposition.ASK


def _check_limits(store: StoreFacts, item: ItemFacts, found: Move) -> None:
    assert item.cost is not None
    needed = floor_of(item.cost, store.vat_bp, store.settings)
    assert needed is not None
    floor = max(needed, item.min_price or 0)
    assert floor > 0
    # The exact price with VAT, not the rounded one, is what must not fall below the floor.
    factor = BP_ONE if store.prices_include_vat else BP_ONE + store.vat_bp
    assert found.base_price * factor >= floor * BP_ONE
    wished = item.max_price
    if wished is None:
        assert item.baseline is not None
        wished = item.baseline * (BP_ONE + store.settings.ceiling_over_baseline_bp) // BP_ONE
    lowest_allowed = Basis(store.prices_include_vat, store.vat_bp).shelf(-(-floor * BP_ONE // factor))
    assert found.shelf_price <= max(wished, lowest_allowed)


def _check_movement(store: StoreFacts, item: ItemFacts, found: Move) -> None:
    step = abs(change_bp(item.base_price, found.base_price))
    if step > store.settings.max_step_bp:
        assert found.breaks
    if found.breaks:
        assert found.course.disposition is Disposition.ASK
    else:
        anchor = item.week_anchor or item.base_price
        moves_away = (found.base_price > item.base_price) == (found.base_price > anchor)
        if moves_away and found.base_price != anchor:
            assert abs(change_bp(anchor, found.base_price)) <= store.settings.week_move_bp
    assert item.changes_today < store.settings.changes_per_day
    if item.last_change_at is not None:
        assert NOW - item.last_change_at >= timedelta(minutes=store.settings.cooldown_minutes)


@st.composite
def plausible_cases(draw: st.DrawFn) -> tuple[StoreFacts, ItemFacts]:
    """A store with a sane policy and an item that rivals sell for about the same: these do lead to prices."""
    policy = StoreSettings(
        mode=draw(st.sampled_from(AutomationMode)),
        strategy=draw(st.sampled_from((Strategy.MATCH, Strategy.UNDERCUT, Strategy.PREMIUM))),
        offset_bp=draw(st.integers(0, 3_000)),
        ending=draw(st.sampled_from(Ending)),
        margin_basis=draw(st.sampled_from(MarginBasis)),
        risk_tolerance=draw(st.sampled_from(RiskTolerance)),
        max_step_bp=draw(st.integers(10, 3_000)),
        week_move_bp=draw(st.integers(10, 6_000)),
    )
    store = replace(draw(stores()), settings=policy, paused=False)
    base = draw(st.integers(500, 60_000))
    basis = Basis(store.prices_include_vat, store.vat_bp)
    shelf = basis.shelf(base)
    prices = draw(st.lists(st.integers(shelf * 8 // 10, shelf * 12 // 10), min_size=2, max_size=5))
    item = ItemFacts(
        product_id="1",
        variant_id=None,
        currency="SAR",
        status=ItemStatus.SALE,
        base_price=base,
        shelf_price=shelf,
        sale_price=None,
        sale_ends_on=None,
        sale_running=False,
        cost=draw(st.integers(1, base)),
        baseline=draw(st.integers(shelf * 7 // 10, shelf * 13 // 10)),
        min_price=draw(st.none() | st.none() | st.integers(1, shelf * 2)),
        max_price=draw(st.none() | st.none() | st.integers(1, shelf * 2)),
        week_anchor=draw(st.none() | st.integers(base * 7 // 10, base * 13 // 10)),
        offers=tuple(
            OfferFacts(f"c{number}", f"u{number}", OfferFitness.USABLE, price, True, BP_ONE, NOW)
            for number, price in enumerate(prices)
        ),
    )
    return store, item


all_cases = st.one_of(cases(), plausible_cases(), plausible_cases())
