"""Each store's budget: what the headers allow, a fifth left to others, and no wait longer than a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_onboarding.adapters.rate_budget import WINDOW_SECONDS, RateBudget
from thaman_onboarding.adapters.salla_errors import BudgetSpent


class Time:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


def headers(limit, remaining, reset):
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(reset)),
    }


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def budget(time):
    return RateBudget(monotonic=time, wall=time)


def test_nothing_is_known_at_first(budget):
    budget.begin("1")
    assert budget.room("1") is None


def test_a_fifth_is_left_to_others(budget, time):
    budget.begin("1")
    budget.end("1", headers(100, 99, time.now + 30))
    made = 0
    with pytest.raises(BudgetSpent) as spent:
        while True:
            budget.begin("1")
            made += 1
            budget.end("1", headers(100, 99 - made, time.now + 30))
    assert made == 79
    assert 29 <= spent.value.retry_after <= 30
    budget.begin("2")
    time.now += 31
    budget.begin("1")


def test_requests_in_flight_count(budget, time):
    budget.begin("1")
    budget.end("1", headers(10, 5, time.now + 30))
    assert budget.room("1") == 3
    for _ in range(3):
        budget.begin("1")
    with pytest.raises(BudgetSpent):
        budget.begin("1")
    budget.end("1", None)
    with pytest.raises(BudgetSpent):
        budget.begin("1")


def test_retry_after_is_obeyed(budget, time):
    budget.begin("1")
    budget.end("1", {"retry-after": "7"}, refused=True)
    with pytest.raises(BudgetSpent) as spent:
        budget.begin("1")
    assert spent.value.retry_after == 7
    time.now += 7
    budget.begin("1")


@given(
    reset=st.integers(-(10**12), 10**12),
    retry=st.none() | st.integers(-(10**9), 10**9),
    limit=st.integers(0, 1_000),
    remaining=st.integers(-5, 1_000),
)
def test_no_header_makes_a_store_wait_longer_than_a_window(reset, retry, limit, remaining):
    time = Time()
    budget = RateBudget(monotonic=time, wall=time)
    budget.begin("1")
    told = headers(limit, remaining, reset) | ({} if retry is None else {"retry-after": str(retry)})
    budget.end("1", told, refused=True)
    time.now += WINDOW_SECONDS + 1
    budget.begin("1")


def test_memory_is_bounded(time):
    budget = RateBudget(monotonic=time, wall=time, stores=3)
    for number in range(10):
        budget.begin(str(number))
        budget.end(str(number), headers(10, 0, time.now + 30))
    assert budget.room("9") == 0
    assert budget.room("0") is None


@given(st.lists(st.sampled_from(["ours", "theirs", "tick"]), max_size=300), st.integers(10, 60))
def test_salla_never_has_to_refuse_while_others_keep_to_their_fifth(steps, limit):
    """A model of Salla's window: ours stop early enough that the others' fifth is never taken."""
    time = Time()
    budget = RateBudget(monotonic=time, wall=time)
    used, others, ends = 0, 0, time.now + 60
    for step in steps:
        if time.now >= ends:
            used, others, ends = 0, 0, time.now + 60
        if step == "tick":
            time.now += 5
        elif step == "theirs":
            if others < limit // 5:
                used, others = used + 1, others + 1
                assert used <= limit
        else:
            try:
                budget.begin("1")
            except BudgetSpent:
                continue
            used += 1
            assert used <= limit
            budget.end("1", headers(limit, limit - used, ends))
