"""The demand model on real sales it has not seen (pricing.md 3.4)."""

import sys

import pytest

from tests.benchmarks.tafeng.data import TRAIN_WEEKS, Sales, find, load
from tests.benchmarks.tafeng.models import engine_blind, engine_weekly, mean_of_training
from tests.benchmarks.tafeng.scores import score

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 13), reason="the data's package is not made for Python 3.13")


@pytest.fixture(scope="module")
def sales() -> Sales:
    return load(find())


def test_the_protocol_is_the_published_one(sales: Sales) -> None:
    assert len(sales.product_ids) == 16_299
    assert round(score(mean_of_training(sales), sales.units[TRAIN_WEEKS:]).likelihood, 2) == -3.72


def test_the_engine_forecasts_weeks_it_has_not_seen(sales: Sales) -> None:
    truth = sales.units[TRAIN_WEEKS:]
    engine = score(engine_weekly(sales), truth)
    assert engine.wmape <= 0.78
    assert engine.likelihood >= -3.06
    assert engine.wmape < score(engine_blind(sales), truth).wmape
