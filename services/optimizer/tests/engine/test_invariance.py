"""The same bits whatever the order, the chunks or the processor's features."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.support.columns import columns, panel
from tests.support.pricing import NOW, POLICY, products

from thaman_optimizer.domain.decision import decide
from thaman_optimizer.domain.demand import DemandState, Panel, WeekColumns, fit, step
from thaman_optimizer.domain.demand.state import StateUnreadable
from thaman_optimizer.domain.pricing import Batch, policy_from, price, product_from
from thaman_optimizer.domain.pricing.engine import input_digest, output_digest

ROOT = Path(__file__).parents[4]

_SCRIPT = """
from tests.support.columns import panel
from tests.support.pricing import NOW, POLICY, products
from thaman_optimizer.domain.pricing import Batch, policy_from, price, product_from
from thaman_optimizer.domain.pricing.engine import output_digest
from thaman_optimizer.domain.demand import fit
import hashlib
print(output_digest(price(Batch.of([product_from(p) for p in products(250)]), policy_from(POLICY), NOW)))
brands = {"brands": ["brand 0", "brand 1", "another", "and another"], "categories": ["category 1", "category 2"]}
strategies = [{"kind": "match", "scope": brands}, {"kind": "premium", "by_bp": 200, "season": "ramadan"}]
rests = {"season_rests": [{"season": "eid_al_fitr"}], "sleep": {"from_time": "23:00", "until_time": "03:00"}}
rich = policy_from(POLICY | {"strategies": strategies} | rests)
print(output_digest(price(Batch.of([product_from(p) for p in products(50)]), rich, NOW)))
lines = [p | {"group": str(i // 3)} for i, p in enumerate(products(250))]
print(output_digest(price(Batch.of([product_from(p) for p in lines]), policy_from(POLICY), NOW)))
print(hashlib.sha256(fit(panel(500)).to_bytes()).hexdigest())
"""


def test_order_of_products_changes_nothing() -> None:
    given = [product_from(one) for one in products(200)]
    policy = policy_from(POLICY)
    answers = {one.product_id: one for one in price(Batch.of(given), policy, NOW)}
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(given))
        shuffled = [given[place] for place in order]
        again = price(Batch.of(shuffled), policy, NOW)
        assert [one.product_id for one in again] == [one.product_id for one in shuffled]
        assert all(answers[one.product_id] == one for one in again)
        assert output_digest(again) == output_digest(list(answers.values()))
        assert input_digest(shuffled, policy, NOW) == input_digest(given, policy, NOW)


def test_order_of_weeks_and_offers_changes_nothing() -> None:
    given, policy = products(80), policy_from(POLICY)
    turned = [
        one | {"history": list(reversed(one["history"])), "offers": list(reversed(one["offers"]))} for one in given
    ]
    first = price(Batch.of([product_from(one) for one in given]), policy, NOW)
    second = price(Batch.of([product_from(one) for one in turned]), policy, NOW)
    assert first == second


def test_chunks_change_nothing() -> None:
    weeks = panel(2_100)
    state, policy = fit(weeks), policy_from(POLICY).decision()
    given = columns(weeks, policy)
    whole = decide(given, state, policy)
    for size in (1, 97, 512, 2_048):
        for start in range(0, min(2_100, size * 4), size):
            part = slice(start, start + size)
            piece = decide(given.take(part), state.take(part), policy)
            for name in ("price", "propose", "risk", "expected", "low", "probability", "guards", "sales"):
                assert np.array_equal(getattr(piece, name), getattr(whole, name)[part]), name


def test_the_processor_and_the_process_change_nothing() -> None:
    """numpy's own exp and log answer differently without AVX-512, and sets have another order in every process."""
    digests = set()
    for seed, features in enumerate(("", "X86_V4", "X86_V4,X86_V3")):
        # Warnings that a feature is not there anyway are numpy's way of saying that nothing was switched off.
        environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}
        environment |= {"PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_state_kept_as_bytes_is_the_same_state() -> None:
    state = fit(panel(60))
    again = DemandState.from_bytes(state.to_bytes())
    assert again.to_bytes() == state.to_bytes()
    week = panel(60).week(3)
    assert step(again, week).to_bytes() == step(state, week).to_bytes()


def test_another_models_state_is_refused() -> None:
    with pytest.raises(StateUnreadable):
        DemandState.from_bytes(b"not a state")
    with pytest.raises(StateUnreadable):
        DemandState.from_bytes(fit(panel(5)).to_bytes().replace(b'"model": "demand-', b'"model": "dimand-'))


def test_a_panel_out_of_order_is_refused_and_can_be_ordered() -> None:
    weeks = panel(30)
    turned = np.arange(30)[::-1]
    with pytest.raises(ValueError, match="increasing"):
        Panel(
            weeks.product_ids[::-1], weeks.category, weeks.cost, weeks.units, weeks.price, weeks.share, weeks.reference
        )
    again = Panel.ordered(
        weeks.product_ids[::-1], weeks.category[turned], weeks.cost[turned],
        units=weeks.units[:, turned], price=weeks.price[:, turned],
        share=weeks.share[:, turned], reference=weeks.reference[:, turned],
    )  # fmt: skip
    assert fit(again).to_bytes() == fit(weeks).to_bytes()


def test_a_week_in_which_nothing_was_seen_teaches_nothing() -> None:
    state = fit(panel(40))
    blind = WeekColumns(np.zeros(40), np.full(40, np.nan), np.zeros(40), np.full(40, np.nan))
    after = step(state, blind)
    assert np.array_equal(after.theta, state.theta)
    assert (after.covariance[0] > state.covariance[0]).all(), "levels drift on, unseen"
    assert np.array_equal(after.covariance[3], state.covariance[3])
