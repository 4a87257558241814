"""The last-moment checks and the decision table of the writer, as properties."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from thaman_contracts.events.onboarding import CatalogItem, ItemStatus, StaleReason
from thaman_contracts.events.optimizer import PriceDecided, Risk
from thaman_contracts.events.settings import ItemRule, MarginBasis, StoreSettings
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.domain.last_moment import Circumstances, Stale, cost_floor, stale_before_reading, stale_by_price
from thaman_onboarding.domain.price_write import ImpossibleStep, PriceWrite, WriteState
from thaman_onboarding.domain.settling import BULK, Apply, Fail, GoStale, OpenDecision, Start, Wait, WritePolicy, judge
from thaman_onboarding.domain.vat import VatBasis

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ID = UUID(int=5)
PRICE = st.integers(1, 10**6)
POLICY = WritePolicy()


def decision(**given):
    values = {
        "store_id": "1",
        "occurred_at": NOW,
        "proposal_id": ID,
        "run_id": ID,
        "product_id": "7",
        "decision_id": ID,
        "currency": "SAR",
        "expected_base_price": 10_000,
        "base_price": 10_500,
        "shelf_price": 10_500,
        "floor": 1,
        "ceiling": 10**9,
        "max_step_bp": 5_000,
        "changes_per_day": 1,
        "prices_include_vat": True,
        "vat_bp": 1500,
        "fence": 3,
        "settings_version": 1,
        "risk": Risk.LOW,
        "decided_by": "policy",
        "expires_at": NOW + timedelta(hours=1),
    }
    return PriceDecided.model_validate(values | given)


def known(base=10_000, cost=None, **given):
    item = CatalogItem(
        product_id="7", name="x", status=ItemStatus.SALE, currency="SAR", base_price=base, shelf_price=base, cost=cost
    )
    values = {"item": item, "taxable": True, "digest": "d", "last_written": None, "write_version": 0}
    return KnownItem(**(values | given))


def world(**given):
    values = {
        "now": NOW,
        "connected": True,
        "paused": False,
        "stopped": False,
        "entitled": True,
        "fence": 3,
        "settings": StoreSettings(max_step_bp=5_000, min_margin_bp=0),
        "basis": VatBasis(True, 1500),
        "item": known(),
    }
    return Circumstances(**(values | given))


def test_a_good_decision_passes():
    assert stale_before_reading(decision(), world()) is None
    assert stale_by_price(decision(), world(), 10_000) is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"connected": False}, StaleReason.NOT_CONNECTED),
        ({"entitled": False}, StaleReason.NOT_ENTITLED),
        ({"stopped": True}, StaleReason.PAUSED),
        ({"paused": True}, StaleReason.PAUSED),
        ({"fence": 4}, StaleReason.FENCE),
        ({"superseded": True}, StaleReason.SUPERSEDED),
        ({"now": NOW + timedelta(hours=1)}, StaleReason.EXPIRED),
        ({"item": None}, StaleReason.ITEM_GONE),
        ({"item": known(removed=True)}, StaleReason.ITEM_GONE),
        ({"rule": ItemRule(product_id="7", locked=True)}, StaleReason.LOCKED),
        ({"rule": ItemRule(product_id="7", min_price=10_501)}, StaleReason.BELOW_FLOOR),
        ({"rule": ItemRule(product_id="7", max_price=10_499)}, StaleReason.ABOVE_CEILING),
        ({"item": known(cost=10_000)}, StaleReason.BELOW_FLOOR),
        ({"rule": ItemRule(product_id="7", cost=10_000)}, StaleReason.BELOW_FLOOR),
        ({"settings": StoreSettings(max_step_bp=499)}, StaleReason.STEP),
        ({"written_today": 1}, StaleReason.DAY_BUDGET),
        ({"basis": VatBasis(False, 1500)}, StaleReason.SUPERSEDED),
        ({"basis": VatBasis(True, 500)}, StaleReason.SUPERSEDED),
    ],
)
def test_each_check(given, reason):
    stale = stale_before_reading(decision(), world(**given))
    assert stale is not None and stale.reason is reason


def test_a_cost_of_the_merchants_own_holds_in_place_of_sallas():
    own = ItemRule(product_id="7", cost=5_000)
    assert stale_before_reading(decision(), world(item=known(cost=10_000), rule=own)) is None


def test_an_undo_is_held_by_no_days_budget_but_by_everything_else():
    back = {"decided_by": "key_1", "reverts_decision_id": UUID(int=6)}
    assert stale_before_reading(decision(**back), world(written_today=5)) is None
    locked = world(written_today=5, rule=ItemRule(product_id="7", locked=True))
    assert stale_before_reading(decision(**back), locked).reason is StaleReason.LOCKED
    assert stale_before_reading(decision(**back), world(item=known(cost=10_000))).reason is StaleReason.BELOW_FLOOR
    assert stale_before_reading(decision(**back), world(fence=9)).reason is StaleReason.FENCE


def test_a_person_who_approved_a_longer_step_is_obeyed():
    shorter = world(settings=StoreSettings(max_step_bp=499, min_margin_bp=0))
    assert stale_before_reading(decision(decided_by="policy", max_step_bp=500), shorter).reason is StaleReason.STEP
    assert stale_before_reading(decision(decided_by="key_1", max_step_bp=500), shorter) is None
    assert stale_before_reading(decision(decided_by="key_1", max_step_bp=499), shorter).reason is StaleReason.STEP


LOW, HIGH = st.integers(75, 103), st.integers(98, 130)
"""Limits as per cent of the shelf price, so that each binds now and then and many decisions pass."""


@given(
    expected=PRICE,
    step=st.integers(-1_200, 1_200),
    floor=LOW,
    ceiling=HIGH,
    low=st.none() | LOW,
    high=st.none() | HIGH,
    cost=st.none() | st.integers(1, 80),
    margin=st.integers(0, 3_000),
    fee=st.integers(0, 500),
    mark_up=st.booleans(),
    include=st.booleans(),
    taxable=st.booleans(),
    off=st.integers(-2, 2),
)
@settings(max_examples=400)
def test_nothing_passes_below_a_floor_above_a_ceiling_or_beyond_a_step(
    expected, step, floor, ceiling, low, high, cost, margin, fee, mark_up, include, taxable, off
):
    base = max(expected * (10_000 + step) // 10_000, 1)
    basis = VatBasis(include, 1500)
    shelf = basis.shelf(base, taxable=taxable)
    floor, ceiling = shelf * floor // 100, shelf * ceiling // 100
    low, high = (None if one is None else shelf * one // 100 for one in (low, high))
    cost = None if cost is None else max(shelf * cost // 100, 1)
    there = world(
        settings=StoreSettings(
            min_margin_bp=margin, fee_bp=fee, margin_basis=MarginBasis.MARKUP if mark_up else MarginBasis.MARGIN
        ),
        basis=basis,
        item=known(cost=cost, taxable=taxable),
        rule=ItemRule(product_id="7", min_price=low, max_price=high),
    )
    made = decision(
        base_price=base,
        expected_base_price=expected,
        floor=floor,
        ceiling=ceiling,
        shelf_price=max(shelf + off, 0),
        prices_include_vat=include,
    )
    stale = stale_before_reading(made, there)
    event("passes" if stale is None else stale.reason.value)
    if stale is None:
        assert floor > 0 and shelf >= floor and shelf <= ceiling
        assert low is None or shelf >= low
        assert high is None or shelf <= high
        if cost is not None:
            net = Fraction(shelf) / (Fraction(115, 100) if taxable else 1)
            earned = net * (1 - Fraction(fee, 10_000)) - cost
            assert earned >= (cost if mark_up else net) * Fraction(margin, 10_000)
        old = there.shelf(expected)
        steps = [Fraction(abs(base - expected), expected), Fraction(abs(shelf - old), max(old, 1))]
        assert min(steps) * 10_000 <= there.settings.max_step_bp


@given(cost=PRICE, margin=st.integers(0, 9_000), fee=st.integers(0, 900), vat=st.sampled_from([0, 1500]))
def test_the_cost_floor_is_the_least_price_that_earns_the_margin(cost, margin, fee, vat):
    floor = cost_floor(cost, StoreSettings(min_margin_bp=margin, fee_bp=fee), vat)
    exact = Fraction(cost * (10_000 + vat), 10_000 - margin - fee)
    assert floor is not None and floor - 1 < exact <= floor


@given(cost=PRICE, margin=st.integers(9_000, 10_000))
def test_a_margin_that_leaves_nothing_has_no_floor_and_passes_nothing(cost, margin):
    policy = StoreSettings(min_margin_bp=margin, fee_bp=1_000)
    assert cost_floor(cost, policy, 1500) is None
    stale = stale_before_reading(decision(), world(settings=policy, item=known(cost=cost)))
    assert stale is not None and stale.reason is StaleReason.BELOW_FLOOR


@pytest.mark.parametrize(
    ("found", "last_written", "reason"),
    [
        (None, None, StaleReason.ITEM_GONE),
        (10_500, None, StaleReason.ALREADY_THERE),
        (9_000, None, StaleReason.MANUAL_EDIT),
        (9_000, 9_000, StaleReason.SUPERSEDED),
    ],
)
def test_what_salla_shows(found, last_written, reason):
    stale = stale_by_price(decision(), world(item=known(last_written=last_written)), found)
    assert stale is not None and stale.reason is reason


# -- the decision table -------------------------------------------------------------------------------------------

pendings = st.builds(
    OpenDecision,
    decision=st.just(decision()),
    key=st.just("7"),
    state=st.sampled_from([WriteState.DUE, WriteState.STARTED, WriteState.UNCERTAIN]),
    attempt=st.integers(1, 9),
    doubts=st.integers(0, 9),
    call=st.sampled_from(["single", BULK]),
    in_flight=st.booleans(),
    age=st.floats(0, 1_000),
)
worlds = st.builds(world, paused=st.booleans(), fence=st.integers(3, 4), connected=st.just(True))
founds = st.sampled_from([None, 9_000, 10_000, 10_500])


@given(pending=pendings, there=worlds, found=founds)
def test_the_decision_table(pending, there, found):
    verdict = judge(pending, there, found, POLICY)
    open_, certain = pending.state.is_open, not pending.in_flight or pending.age >= POLICY.certain_after(pending.call)
    if isinstance(verdict, Apply):
        assert open_ and found == 10_500
    if open_ and found == 10_500:
        assert isinstance(verdict, Apply)
    if isinstance(verdict, Start):
        assert found == 10_000 and not there.paused and there.fence == 3
    if isinstance(verdict, Fail):
        assert open_ and certain and found == 10_000 and pending.doubts >= POLICY.attempts
    if isinstance(verdict, GoStale) and open_:
        assert certain
    if isinstance(verdict, Wait):
        assert open_ and 0 < verdict.delay <= POLICY.bulk_deadline


class AnyHistory(RuleBasedStateMachine):
    """Whatever is asked of a write, its history stays possible and ends once."""

    @initialize()
    def begin(self):
        self.write = PriceWrite(ID)
        self.told = []

    def _try(self, step):
        before, version = self.write.state, self.write.version
        try:
            step()
        except ImpossibleStep:
            assert self.write.version == version
        else:
            assert not before.is_settled

    @rule()
    def start(self):
        self._try(lambda: self.write.start(decision(), NOW, call="single", fence=3))

    @rule()
    def apply(self):
        self._try(lambda: self.write.apply(decision(), NOW, shelf_price=1, settled_by="answer"))

    @rule()
    def doubt(self):
        self._try(lambda: self.write.doubt(decision(), NOW, "cut"))

    @rule()
    def fail(self):
        self._try(lambda: self.write.fail(decision(), NOW, "refused", ""))

    @precondition(lambda self: self.write.attempt > 1)
    @rule()
    def stale(self):
        self._try(lambda: self.write.go_stale(decision(), NOW, StaleReason.FENCE, "", None))

    @invariant()
    def history_folds_to_the_same(self):
        self.told.extend(self.write.collect_events())
        again = PriceWrite.fold(ID, iter(self.told))
        assert (again is None) == (not self.told)
        if again is not None:
            assert (again.state, again.attempt, again.version) == (
                self.write.state,
                self.write.attempt,
                self.write.version,
            )
        names = [type(one).__name__ for one in self.told]
        assert sum(name in ("PriceApplied", "PriceApplyFailed", "PriceDecisionStale") for name in names) <= 1
        if "PriceApplied" in names:
            assert names[0] == "PriceWriteStarted"


TestAnyHistory = AnyHistory.TestCase


@given(old=PRICE, new=PRICE)
def test_the_stale_type_is_never_confused_with_passing(old, new):
    assume(old != new)
    stale = stale_by_price(decision(expected_base_price=old, base_price=new), world(), old)
    assert stale is None
    assert isinstance(stale_by_price(decision(expected_base_price=old, base_price=new), world(), new), Stale)
