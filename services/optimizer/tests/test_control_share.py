"""The control share: the same products for ever, left alone in words, and nothing else is changed by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer.adapters.recorded_runs import RecordedRuns
from thaman_optimizer.domain.events import PriceHeld, PriceProposed
from thaman_optimizer.domain.facts import plain, store_inputs
from thaman_optimizer.domain.overlay import in_control
from thaman_optimizer.domain.recompute import Recomputed
from thaman_optimizer.domain.replay import store_from


def _chosen(store_facts: Callable[..., Any], item_facts: Callable[..., Any], share_bp: int) -> set[str]:
    store = store_facts(settings={"control_share_bp": share_bp})
    return {str(one) for one in range(2_000) if in_control(store, item_facts(product_id=str(one)))}


def test_a_share_is_stable_grows_by_products_and_is_none_by_default(
    store_facts: Callable[..., Any], item_facts: Callable[..., Any]
) -> None:
    shares = [_chosen(store_facts, item_facts, share_bp) for share_bp in (0, 1_000, 2_000)]
    assert shares[0] == set() and shares[1] < shares[2]
    assert abs(len(shares[1]) - 200) < 40 and abs(len(shares[2]) - 400) < 60
    store = store_facts(settings={"control_share_bp": 2_000})
    product = min(shares[2])
    assert all(in_control(store, item_facts(product_id=product, variant_id=one)) for one in (None, "1", "2"))


def test_without_one_nothing_is_recorded_of_it(store_facts: Callable[..., Any]) -> None:
    assert "control_share_bp" not in plain(StoreSettings())
    store = store_facts(settings={"control_share_bp": 700})
    assert store_inputs(store)["settings"]["control_share_bp"] == 700
    assert store_from(store_inputs(store)).settings.control_share_bp == 700


def test_a_run_leaves_the_share_alone_says_so_and_recomputes(world: Any) -> None:
    world.connect(settings={"mode": "full_auto", "control_share_bp": 3_000})
    world.stock(20)
    world.run()
    day = timedelta(days=1)
    (record,) = RecordedRuns(world.container.application).records("1", world.clock.now() - day, world.clock.now() + day)
    left = {one.product_id: one for one in record.told if isinstance(one, PriceHeld)}
    moved = {one.product_id for one in record.told if isinstance(one, PriceProposed)}
    store = world.container.facts.store("1", world.clock.now())
    items = world.container.facts.items("1", world.clock.now()).items
    assert set(left) == {one.product_id for one in items if in_control(store, one)}
    assert 0 < len(left) < len(moved) and len(left) + len(moved) == 20
    one = next(iter(left.values()))
    assert one.reason == "control/control_share" and [step.guard for step in one.trail] == ["control"]
    assert one.reference is not None, "where it stands in the market is known all the same"
    assert "حصة المقارنة" in one.reason_ar and "control share" in one.reason_en
    found = Recomputed()
    found.add(record)
    assert (found.equal, found.different, found.left_out) == (20, [], {})
