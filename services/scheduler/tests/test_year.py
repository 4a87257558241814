"""A virtual year of a dozen stores in seconds, without a database: every slot once, observed before, in order."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import SystemSettings
from thaman_scheduler.domain.jobs import Job, Rules, StoreFacts, timing_of, trigger_of
from thaman_scheduler.domain.slots import RIYADH
from thaman_scheduler.domain.steps import step

START = datetime(2026, 1, 1, 7, 13, tzinfo=UTC)
YEAR = timedelta(days=365)
STORES = [StoreFacts(str(2_000 + number), hours, START) for number, hours in enumerate(range(1, 25, 2))]


def play(facts: StoreFacts, job: Job, rules: Rules, until: datetime) -> list[tuple[datetime, datetime, bool]]:
    """Jump from one firing to the next; gives (when, slot, catch-up)."""
    timing, after, now, filled = timing_of(job, facts, rules), START, START, []
    while True:
        outcome = step(timing, after, now)
        if outcome.fill is not None:
            filled.append((now, outcome.fill, outcome.catch_up))
        after, now = outcome.after, outcome.fires_at
        if now > until:
            return filled


def test_a_year_of_a_dozen_stores() -> None:
    rules, end = Rules(), START + YEAR
    for facts in STORES:
        runs = play(facts, Job.OPTIMISE, rules, end)
        slots = [slot for _, slot, _ in runs]
        assert slots == sorted(set(slots))
        assert not any(late for _, _, late in runs)
        widest = min(facts.frequency_hours, rules.system.sweep_hours)
        assert max(b - a for a, b in pairwise(slots)) <= timedelta(hours=widest)
        triggers = [trigger_of(slot, facts, catch_up=False) for slot in slots]
        assert abs(triggers.count(Trigger.SCHEDULE) - 8_760 / facts.frequency_hours) <= 1
        observed = {slot: when for when, slot, _ in play(facts, Job.OBSERVE, rules, end)}
        first = min(observed)
        assert all(observed[slot] == slot - timedelta(minutes=15) for slot in slots if slot > first)


def test_a_year_of_the_installation() -> None:
    facts = STORES[0]
    sundays = [slot.astimezone(RIYADH) for _, slot, _ in play(facts, Job.RETENTION, Rules(), START + YEAR)]
    assert len(sundays) == 52
    assert {day.strftime("%A %H:%M") for day in sundays} == {"Sunday 03:00"}
    nights = [slot.astimezone(RIYADH) for _, slot, _ in play(facts, Job.REFRESH_SWEEP, Rules(), START + YEAR)]
    assert len(nights) == 358
    assert {night.strftime("%H:%M") for night in nights} == {"02:00"}


def test_a_year_of_stores_does_not_come_all_at_once() -> None:
    per_minute: dict[datetime, int] = defaultdict(int)
    for number in range(500):
        for _, slot, _ in play(StoreFacts(str(number), 12, START), Job.OPTIMISE, Rules(), START + timedelta(days=1)):
            per_minute[slot.replace(second=0)] += 1
    assert sum(per_minute.values()) >= 4 * 490
    assert max(per_minute.values()) <= 12


@settings(max_examples=30)
@given(st.integers(1, 24), st.integers(1, 24), st.lists(st.integers(1, 60 * 24 * 3), max_size=40))
def test_however_the_ticks_fall_each_slot_is_filled_at_most_once_and_the_latest_always(
    frequency: int, sweep: int, pauses: list[int]
) -> None:
    facts = StoreFacts("1305146709", frequency, START)
    timing = timing_of(Job.OPTIMISE, facts, Rules(SystemSettings(sweep_hours=sweep)))
    after, now, filled = START, START, []
    for minutes in pauses:
        now += timedelta(minutes=minutes)
        outcome = step(timing, after, now)
        after = outcome.after
        latest = timing.slots.at_or_before(now)
        if outcome.fill is not None:
            filled.append(outcome.fill)
        assert latest <= START or filled[-1] == latest
    assert filled == sorted(set(filled))
