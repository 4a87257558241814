"""What a store's answers teach."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_optimizer.domain.matching import NOTHING_LEARNED, learn, probability
from thaman_optimizer.domain.matching.learning import LARGEST

answers = st.lists(st.tuples(st.floats(-8, 8), st.booleans()), max_size=60)


def taught(rows: list[tuple[float, bool]]) -> float:
    return learn(np.array([one for one, _ in rows]), np.array([same for _, same in rows], dtype=np.bool_)).shift


def test_nothing_said_nothing_learned() -> None:
    assert learn(np.zeros(0), np.zeros(0, dtype=np.bool_)) == NOTHING_LEARNED


@settings(deadline=None)
@given(answers)
def test_the_order_of_answers_does_not_matter_and_the_shift_is_bounded(rows: list[tuple[float, bool]]) -> None:
    assert taught(rows) == taught(rows[::-1])
    assert abs(taught(rows)) <= LARGEST


@settings(deadline=None)
@given(answers, st.floats(-8, 8))
def test_a_confirmation_never_lowers_and_a_rejection_never_raises(rows: list[tuple[float, bool]], new: float) -> None:
    assert taught([*rows, (new, True)]) >= taught(rows) - 1e-5
    assert taught([*rows, (new, False)]) <= taught(rows) + 1e-5


@settings(deadline=None)
@given(answers)
def test_it_is_the_mode_of_the_posterior(rows: list[tuple[float, bool]]) -> None:
    odds = np.array([one for one, _ in rows])
    same = np.array([one for _, one in rows], dtype=np.bool_)

    def posterior(shift: float) -> float:
        likely = np.clip(probability(odds + shift), 1e-300, 1 - 1e-16)
        return float(np.sum(np.where(same, np.log(likely), np.log1p(-likely))) - shift**2 / 2)

    best = learn(odds, same).shift
    for other in (best - 0.05, best + 0.05):
        if abs(other) <= LARGEST:
            assert posterior(best) >= posterior(other) - 1e-6


def test_a_store_whose_titles_mislead_is_learned() -> None:
    random = np.random.default_rng(1)
    odds = random.normal(0, 1.5, 400)
    same = random.random(400) < probability(odds - 1.5)
    found = learn(odds, same)
    assert -2.0 < found.shift < -1.0
    assert found.deviation < 0.2
    assert found.answers == 400


def test_one_answer_moves_little() -> None:
    assert 0 > taught([(2.0, False)]) > -1.0
