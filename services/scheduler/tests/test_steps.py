"""The rule of time under every clock: nothing twice, one catch-up, and no sleep after a wrong clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from thaman_contracts.events.settings import SystemSettings
from thaman_scheduler.domain.jobs import Job, Rules, StoreFacts, patience_of, timing_of
from thaman_scheduler.domain.slots import Slots, every
from thaman_scheduler.domain.steps import Timing, candidate, next_slot, step

START = datetime(2026, 1, 1, 7, 13, tzinfo=UTC)
STORE = StoreFacts("1305146709", 12, START)
HOURLY = Timing(Slots((every(1, STORE.store_id),)))

clock_moves = st.lists(
    st.one_of(
        st.timedeltas(timedelta(seconds=1), timedelta(minutes=1)),
        st.timedeltas(timedelta(minutes=1), timedelta(hours=9)),
        st.timedeltas(timedelta(hours=-9), timedelta(0)),
        st.timedeltas(timedelta(days=-40), timedelta(days=40)),
    ),
    max_size=60,
)


class Log:
    """A job whose slots are stored like the event store does: each once."""

    def __init__(self, timing: Timing, start: datetime) -> None:
        self.timing = timing
        self.after = start
        self.filled: list[datetime] = []

    def look(self, now: datetime) -> None:
        slot = candidate(self.timing, self.after, now)
        outcome = step(self.timing, self.after, now, taken=slot in self.filled)
        if outcome.fill is not None:
            assert outcome.fill not in self.filled, "filled twice"
            assert outcome.fill <= now + self.timing.lead
            self.filled.append(outcome.fill)
        self.after = outcome.after


@given(clock_moves, st.sampled_from(list(Job)), st.integers(1, 24), st.integers(1, 24))
def test_no_slot_is_filled_twice_under_any_clock(moves: list[timedelta], job: Job, frequency: int, sweep: int) -> None:
    facts = StoreFacts("77", frequency, START)
    log = Log(timing_of(job, facts, Rules(SystemSettings(sweep_hours=sweep))), START)
    now = START
    for move in moves:
        now += move
        log.look(now)


@given(clock_moves)
def test_after_any_clock_the_job_lives_on(moves: list[timedelta]) -> None:
    log, now = Log(HOURLY, START), START
    for move in moves:
        now += move
        log.look(now)
    settled, end = now + timedelta(hours=3), now + timedelta(hours=12)
    while now < end:
        now += timedelta(minutes=15)
        log.look(now)
    expected = HOURLY.slots.following(settled, 9)
    assert set(expected[:8]) <= set(log.filled), "a slot was left out although the clock is right again"


@given(st.timedeltas(timedelta(hours=1), timedelta(days=400)))
def test_however_long_the_scheduler_was_away_it_catches_up_once(away: timedelta) -> None:
    first = step(HOURLY, START, START + away)
    assert first.fill is not None
    assert first.fill == HOURLY.slots.at_or_before(START + away)
    assert step(HOURLY, first.after, START + away).fill is None
    assert first.catch_up or away < timedelta(hours=2)


def test_a_slot_filled_in_time_is_no_catch_up() -> None:
    slot = next_slot(HOURLY, START)
    assert step(HOURLY, START, slot - timedelta(seconds=1)).fill is None
    assert not step(HOURLY, START, slot + timedelta(seconds=15)).catch_up
    assert step(HOURLY, START, slot + timedelta(minutes=11)).catch_up
    assert step(HOURLY, START, slot + timedelta(hours=1)).catch_up


@given(st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_clock_that_steps_back_asks_for_nothing(back: timedelta) -> None:
    slot = next_slot(HOURLY, START)
    done = step(HOURLY, START, slot)
    assert done.fill == slot
    assert step(HOURLY, done.after, slot - back).fill is None


def test_a_year_ahead_and_back_goes_on_with_the_next_slot() -> None:
    ahead = step(HOURLY, START, START + timedelta(days=365))
    back = step(HOURLY, ahead.after, START + timedelta(minutes=1))
    assert (back.reanchored, back.fill, back.after) == (True, None, START + timedelta(minutes=1))
    slot = next_slot(HOURLY, back.after)
    assert step(HOURLY, back.after, slot).fill == slot


@given(st.sampled_from(list(Job)), st.integers(1, 24), st.integers(1, 24), st.integers(0, 30 * 24 * 60))
def test_a_job_within_its_patience_is_never_taken_for_a_wrong_clock(
    job: Job, frequency: int, sweep: int, minutes: int
) -> None:
    facts = StoreFacts("77", frequency, START)
    rules = Rules(SystemSettings(sweep_hours=sweep))
    now = START + timedelta(minutes=minutes)
    outcome = step(timing_of(job, facts, rules), START, now)
    assert outcome.fires_at <= now + patience_of(job, rules)
    assert outcome.fires_at > now


def test_observation_comes_its_lead_before_the_run() -> None:
    rules = Rules()
    observe, optimise = timing_of(Job.OBSERVE, STORE, rules), timing_of(Job.OPTIMISE, STORE, rules)
    slot = next_slot(optimise, START)
    assert step(observe, START, slot - timedelta(minutes=15)).fill == slot
    assert step(observe, START, slot - timedelta(minutes=16)).fill is None
    assert step(optimise, START, slot - timedelta(minutes=15)).fill is None


def test_tokens_are_left_alone_while_they_are_young() -> None:
    sweep = timing_of(Job.REFRESH_SWEEP, STORE, Rules())
    assert step(sweep, START, START + timedelta(days=6)).fill is None
    assert step(sweep, START, START + timedelta(days=8)).fill is not None


def test_tokens_are_asked_for_two_days_before_they_expire() -> None:
    expiry = timing_of(Job.REFRESH_BEFORE_EXPIRY, STORE, Rules())
    assert next_slot(expiry, START) == START + timedelta(days=12)
    assert next_slot(expiry, START + timedelta(days=12)) == START + timedelta(days=24)
