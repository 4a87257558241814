"""The ticker on a real PostgreSQL."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from thaman_contracts.events.scheduler import Trigger
from thaman_contracts.events.settings import SystemSettings
from thaman_contracts.ids import run_id
from thaman_kit.testing import wait_until
from thaman_scheduler.domain.events import (
    Block,
    ObservationDue,
    OptimizationRequested,
    RetentionDue,
    ScheduleReanchored,
    TokenRefreshDue,
)
from thaman_scheduler.domain.jobs import Job, Rules, StoreFacts, timing_of
from thaman_scheduler.domain.slots import every
from thaman_scheduler.testing import START, World

STORES = tuple(str(1_000 + number) for number in range(12))
HOUR = timedelta(hours=1)
GUN = 4711
REPLICA = Path(__file__).with_name("replica.py")


def expected(store: str, until: datetime, hours: int = 12, sweep: int = 6) -> list[datetime]:
    """The pricing slots of a store since the start."""
    slots = timing_of(Job.OPTIMISE, StoreFacts(store, hours, START), Rules(SystemSettings(sweep_hours=sweep))).slots
    found = []
    at = slots.after(START)
    while at <= until:
        found.append(at)
        at = slots.after(at)
    return found


def requested(world: World, store: str) -> list[datetime]:
    """The slots that were asked for."""
    return [event.slot for event in world.log(OptimizationRequested) if event.store_id == store]


def test_a_month_of_a_dozen_stores(world: World) -> None:
    world.connect(*STORES)
    now = START
    while now < START + timedelta(days=30):
        now += HOUR
        world.tick_at(now)
    for store in STORES:
        assert requested(world, store) == expected(store, now)
    observed = Counter(event.store_id for event in world.log(ObservationDue))
    assert all(abs(observed[store] - len(expected(store, now))) <= 1 for store in STORES)
    sundays = [event.slot.astimezone(UTC).strftime("%a %H") for event in world.log(RetentionDue)]
    assert sundays == ["Sun 00"] * 4
    refreshes = [event for event in world.log(TokenRefreshDue) if event.store_id == STORES[0]]
    assert Counter(event.reason for event in refreshes) == {"sweep": 23, "before_expiry": 2}
    assert {event.slot.hour for event in refreshes if event.reason == "sweep"} == {23}


def test_run_ids_follow_from_store_and_slot(world: World) -> None:
    world.connect(STORES[0])
    slot = expected(STORES[0], START + timedelta(days=1))[0]
    world.tick_at(slot)
    (event,) = world.log(OptimizationRequested)
    assert event.run_id == run_id(STORES[0], slot.isoformat())
    assert event.meta.correlation_id == str(event.run_id)
    assert event.trigger is (Trigger.SCHEDULE if every(12, STORES[0]).holds(slot) else Trigger.SWEEP)


def test_missed_ticks_are_made_up_for_once_observation_first(world: World) -> None:
    world.connect(STORES[0])
    world.tick_at(START + timedelta(days=3))
    runs = world.log(OptimizationRequested)
    assert [run.trigger for run in runs] == [Trigger.CATCH_UP]
    assert runs[0].slot == expected(STORES[0], START + timedelta(days=3))[-1]
    order = [type(event).__name__ for event in world.log(OptimizationRequested, ObservationDue)]
    assert order == ["ObservationDue", "OptimizationRequested"]


def test_a_clock_that_steps_back_repeats_nothing(world: World) -> None:
    world.connect(*STORES)
    world.tick_at(START + timedelta(days=1))
    before = len(world.log())
    for hours in range(24):
        assert not world.tick_at(START + hours * HOUR)
    assert len(world.log()) == before


def test_a_year_ahead_and_back_goes_on(world: World) -> None:
    world.connect(STORES[0])
    world.tick_at(START + timedelta(days=365))
    world.tick_at(START + HOUR)
    assert {event.job for event in world.log(ScheduleReanchored)} == set(Job)
    now = START + HOUR
    while now < START + timedelta(days=2):
        now += HOUR
        world.tick_at(now)
    after = [slot for slot in expected(STORES[0], now) if slot > START + HOUR]
    assert requested(world, STORES[0])[1:] == after


def test_a_sweep_of_a_thousand_stores_is_few_saves(world: World) -> None:
    stores = [str(number) for number in range(10_000, 11_000)]
    world.connect(*stores)
    world.clock.set(START + timedelta(hours=6))
    done = world.container.ticker.tick()
    assert done.filled[Job.OPTIMISE] == 1_000
    assert done.saves <= 10
    assert len({event.run_id for event in world.log(OptimizationRequested)}) == 1_000


@pytest.mark.parametrize("block", list(Block))
def test_a_blocked_store_is_not_asked_for_and_makes_nothing_up(world: World, block: Block) -> None:
    world.connect(*STORES[:2])
    scheduler, end = world.container.scheduler, START + timedelta(days=9)
    world.do(lambda unit: scheduler.block(unit, STORES[0], block, START))
    world.tick_at(end)
    assert requested(world, STORES[0]) == []
    assert len(requested(world, STORES[1])) == 1
    tokens = {event.store_id for event in world.log(TokenRefreshDue)}
    assert (STORES[0] in tokens) == (block is Block.PAUSED), "a paused store's tokens are kept alive"
    world.do(lambda unit: scheduler.unblock(unit, STORES[0], block, end))
    world.tick_at(end)
    assert requested(world, STORES[0]) == []
    world.tick_at(end + timedelta(hours=6))
    assert len(requested(world, STORES[0])) == 1


def test_two_blocks_need_two_ends(world: World) -> None:
    world.connect(STORES[0])
    scheduler, later = world.container.scheduler, START + timedelta(days=1)
    world.do(lambda unit: scheduler.block(unit, STORES[0], Block.PAUSED, START))
    world.do(lambda unit: scheduler.block(unit, STORES[0], Block.UNAUTHORISED, START))
    world.do(lambda unit: scheduler.tokens_arrived(unit, STORES[0], later))
    world.tick_at(later + timedelta(hours=7))
    assert requested(world, STORES[0]) == []
    world.do(lambda unit: scheduler.unblock(unit, STORES[0], Block.PAUSED, later + timedelta(hours=7)))
    world.tick_at(later + timedelta(hours=14))
    assert len(requested(world, STORES[0])) == 1


def change(world: World, version: int, at: datetime, **settings: object) -> None:
    """An operator changes settings."""
    rules = SystemSettings(**settings)  # type: ignore[arg-type]
    world.do(lambda unit: world.container.scheduler.change_rules(unit, rules, version, at))


def test_the_emergency_stop_stops_everybody_and_nothing_is_made_up(world: World) -> None:
    world.connect(*STORES)
    change(world, 1, START, stopped=True)
    world.tick_at(START + timedelta(days=8))
    assert world.log(OptimizationRequested, ObservationDue) == []
    assert world.log(TokenRefreshDue)
    change(world, 2, START + timedelta(days=8), stopped=False)
    assert world.tick_at(START + timedelta(days=8))["optimise"] == 0
    assert world.tick_at(START + timedelta(days=8, hours=6))["optimise"] == len(STORES)


def test_an_operator_changes_the_sweep_and_an_older_version_changes_nothing(world: World) -> None:
    world.connect(STORES[0], hours=24)
    change(world, 2, START, sweep_hours=1)
    change(world, 1, START, sweep_hours=24)
    now = START
    while now < START + timedelta(days=1):
        now += timedelta(minutes=30)
        world.tick_at(now)
    assert requested(world, STORES[0]) == expected(STORES[0], now, hours=24, sweep=1)


def test_a_new_frequency_counts_from_now(world: World) -> None:
    world.connect(STORES[0])
    change(world, 1, START, sweep_hours=24)
    at = START + timedelta(hours=5)
    world.tick_at(at)
    before = len(requested(world, STORES[0]))
    world.do(lambda unit: world.container.scheduler.change_frequency(unit, STORES[0], 1, at))
    assert not world.tick_at(at + timedelta(seconds=15))["optimise"]
    world.tick_at(at + HOUR)
    assert len(requested(world, STORES[0])) == before + 1


def test_run_now_is_asked_for_once(world: World) -> None:
    world.connect(STORES[0])
    scheduler = world.container.scheduler
    for _ in range(2):
        world.do(lambda unit: scheduler.request_run(unit, STORES[0], "req-1", "operator:1", START))
    (event,) = world.log(OptimizationRequested)
    assert (event.trigger, event.run_id, event.slot) == (Trigger.RUN_NOW, run_id(STORES[0], "req-1"), START)


def test_run_now_is_answered_by_a_scheduler_that_has_not_heard_of_the_resumption_yet(world: World) -> None:
    world.connect(STORES[0])
    scheduler = world.container.scheduler
    world.do(lambda unit: scheduler.block(unit, STORES[0], Block.PAUSED, START))
    change(world, 1, START, stopped=True)
    world.do(lambda unit: scheduler.request_run(unit, STORES[0], "req-1", "operator:1", START))
    (event,) = world.log(OptimizationRequested)
    assert event.trigger is Trigger.RUN_NOW, "the optimizer holds every price of a store that is paused indeed"


def test_run_now_takes_no_slot_away(world: World) -> None:
    world.connect(STORES[0])
    world.do(lambda unit: world.container.scheduler.request_run(unit, STORES[0], "req-1", "me", START))
    world.tick_at(START + timedelta(hours=6))
    triggers = [event.trigger for event in world.log(OptimizationRequested)]
    assert triggers[0] is Trigger.RUN_NOW and len(triggers) == 2


def rows(world: World) -> list[dict[str, object]]:
    """All read models but for the hint when to look next."""
    database = world.container.application.database
    return [
        {name: value for name, value in row.items() if name != "fires_at"}
        for table, order in (("due", "store_id, job"), ("schedules", "store_id"), ("installation", "settings_version"))
        for row in database.fetch_all(f"SELECT * FROM {table} ORDER BY {order}")
    ]


def test_the_read_models_made_again_equal_what_they_were(world: World) -> None:
    world.connect(*STORES[:6])
    scheduler = world.container.scheduler
    world.tick_at(START + timedelta(days=2))
    world.do(lambda unit: scheduler.block(unit, STORES[1], Block.PAUSED, START + timedelta(days=2)))
    world.do(lambda unit: scheduler.change_frequency(unit, STORES[2], 5, START + timedelta(days=2)))
    world.do(lambda unit: scheduler.block(unit, STORES[3], Block.UNINSTALLED, START + timedelta(days=2)))
    change(world, 1, START + timedelta(days=2), stopped=True)
    world.tick_at(START + timedelta(days=3))
    change(world, 2, START + timedelta(days=4), sweep_hours=4)
    world.do(lambda unit: scheduler.tokens_arrived(unit, STORES[3], START + timedelta(days=4)))
    end = START + timedelta(days=9)
    world.tick_at(end)
    before = rows(world)
    log = len(world.log())
    world.container.application.database.execute("DELETE FROM due")
    world.container.application.database.execute("DELETE FROM schedules")
    scheduler.rebuild()
    world.tick_at(end)
    assert rows(world) == before
    assert len(world.log()) == log, "a rebuild asks for nothing"
    asked = world.tick_at(end + timedelta(hours=4))["optimise"]
    assert asked == 5, "after a rebuild the clock goes on for all but the paused store"


def start_replica(world: World, hours: int, claim_seconds: int = 60, **environment: str) -> "subprocess.Popen[str]":
    """A scheduler process of its own on the same database."""
    command = [sys.executable, str(REPLICA), world.url, (START + HOUR).isoformat(), str(hours), str(claim_seconds)]
    return subprocess.Popen([*command, str(GUN)], stdout=subprocess.PIPE, text=True, env=os.environ | environment)


def test_two_processes_race_and_every_slot_is_filled_once(world: World) -> None:
    stores = [str(number) for number in range(2_000, 2_150)]
    world.connect(*stores)
    with psycopg.connect(world.url, autocommit=True) as gun:
        gun.execute("SELECT pg_advisory_lock(%s)", (GUN,))
        replicas = [start_replica(world, 24) for _ in range(2)]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
        wait_until(lambda: gun.execute(waiting, (GUN,)).fetchone() == (2,), 60, "both replicas at the start")
        gun.execute("SELECT pg_advisory_unlock(%s)", (GUN,))
    filled = [int(replica.communicate(timeout=90)[0]) for replica in replicas]
    assert min(filled) > 0, "one of the replicas did nothing, so nothing was raced"
    end = START + 24 * HOUR
    for store in stores:
        assert requested(world, store) == expected(store, end)
    slots = [(event.store_id, event.slot) for event in world.log(ObservationDue)]
    assert len(slots) == len(set(slots))


@pytest.mark.parametrize("point", ["scheduler.tick.after_claim", "scheduler.tick.after_save"])
def test_a_replica_killed_in_a_tick_loses_and_repeats_nothing(world: World, point: str) -> None:
    world.connect(*STORES)
    replica = start_replica(world, 24, claim_seconds=1, THAMAN_FAULTPOINT=f"{point}:2")
    replica.communicate(timeout=60)
    assert replica.returncode == -signal.SIGKILL
    end = START + timedelta(hours=6)

    def all_filled() -> bool:
        world.tick_at(end)
        return all(requested(world, store) for store in STORES)

    wait_until(all_filled, 10, "the dead replica's claims lapse")
    slots = [(event.store_id, event.slot) for event in world.log(OptimizationRequested)]
    assert len(slots) == len(set(slots)) == len(STORES)


def test_a_schedule_changed_during_a_tick_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect(*STORES[:2])
    tables, scheduler = world.container.tables, world.container.scheduler
    taken, calls = tables.taken, []

    def pause_meanwhile(self: object, originators: list[object]) -> object:
        if not calls:
            calls.append(1)
            world.do(lambda unit: scheduler.block(unit, STORES[0], Block.PAUSED, START))
        return taken(originators)  # type: ignore[arg-type]

    monkeypatch.setattr(type(tables), "taken", pause_meanwhile)
    world.tick_at(START + timedelta(hours=6))
    assert requested(world, STORES[0]) == []
    assert len(requested(world, STORES[1])) == 1
