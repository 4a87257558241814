"""Whatever the facts and whatever the order of the guards: inside all limits, or held with a reason."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.priced_cases import (
    NOW,
    all_cases,
    check,
    judged,
)

from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.settings import (
    StoreSettings,
    Strategy,
)
from thaman_optimizer.domain.engine import Move, Stay
from thaman_optimizer.domain.facts import InputDigester, ItemFacts, StoreFacts
from thaman_optimizer.domain.guards import GUARDS, Guard


@settings(max_examples=400, deadline=None)
@given(all_cases)
def test_every_answer_lies_within_all_limits(case: tuple[StoreFacts, ItemFacts]) -> None:
    check(*case, GUARDS)


@settings(max_examples=400, deadline=None)
@given(all_cases, st.permutations(GUARDS[4:]))
def test_in_any_order_of_the_guards_after_data_fitness(
    case: tuple[StoreFacts, ItemFacts], order: Sequence[Guard]
) -> None:
    check(*case, (*GUARDS[:4], *order))


def test_a_guard_that_ran_before_the_last_move_still_holds_it() -> None:
    """Found by the search above: the day budget passed an unmoved price that the ceiling moved afterwards."""
    names = [guard.__name__ for guard in GUARDS]
    early = names.index("day_budget")
    order = [guard for guard in GUARDS[4:] if guard is not GUARDS[early]]
    order.insert(0, GUARDS[early])
    store = StoreFacts(
        store_id="1",
        currency="SAR",
        prices_include_vat=True,
        vat_bp=1_500,
        connected=True,
        paused=False,
        stopped=False,
        entitled=True,
        fence=0,
        settings=StoreSettings(strategy=Strategy.HOLD),
        settings_version=1,
        catalogue_at=NOW,
    )
    item = ItemFacts(
        product_id="1",
        variant_id=None,
        currency="SAR",
        status=ItemStatus.SALE,
        base_price=10_000,
        shelf_price=10_000,
        sale_price=None,
        sale_ends_on=None,
        sale_running=False,
        cost=1_000,
        baseline=10_000,
        max_price=9_500,
        changes_today=1,
    )
    found = judged(store, item, NOW, (*GUARDS[:4], *order))
    assert isinstance(found, Stay)
    assert found.reason == "result/day_budget"


@settings(max_examples=100, deadline=None)
@given(all_cases)
def test_equal_facts_give_equal_answers_and_digests(case: tuple[StoreFacts, ItemFacts]) -> None:
    store, item = case
    assert judged(store, item, NOW) == judged(store, item, NOW)
    assert InputDigester("e", store, NOW)(item) == InputDigester("e", store, NOW)(item)
    shuffled = ItemFacts(**{name: getattr(item, name) for name in ItemFacts.__slots__} | {"offers": item.offers[::-1]})
    assert judged(store, shuffled, NOW) == judged(store, item, NOW)


def test_the_search_reaches_writes_asks_and_holds() -> None:
    """The property above would be empty if the cases never led to a price."""
    seen: set[str] = set()

    @settings(max_examples=600, deadline=None, database=None, derandomize=True)
    @given(all_cases)
    def collect(case: tuple[StoreFacts, ItemFacts]) -> None:
        found = judged(*case, NOW)
        seen.add(found.course.disposition.value if isinstance(found, Move) else found.reason.partition("/")[0])
        if isinstance(found, Move) and found.breaks:
            seen.add("breaks")

    collect()
    assert {"write", "ask", "data_fitness", "lock", "breaks"} <= seen
