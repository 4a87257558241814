"""The scheduler's tables: which jobs are due, and what readers of schedules see."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from thaman_contracts.events.settings import SystemSettings
from thaman_contracts.ids import SYSTEM
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_scheduler.domain.installation import Installation
from thaman_scheduler.domain.jobs import PRICING_JOBS, TOKEN_JOBS, DueRow, Job, Rules, StoreFacts, patience_of
from thaman_scheduler.domain.replay import Replay
from thaman_scheduler.domain.schedule import Schedule
from thaman_scheduler.domain.steps import Step

_queries = partial(load_queries, "thaman_scheduler", "adapters/queries.sql")
_PRICING = [job.value for job in PRICING_JOBS]
_RANK = {job: rank for rank, job in enumerate(Job)}


class ReadModels:
    """Reads and writes the tables of one scheduler database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, claim: UUID, now: datetime, limit: int, seconds: int) -> int:
        """Take up to ``limit`` rows that fire at ``now``; returns how many."""
        return self._database.execute(
            _queries()["claim"],
            {"claim": claim, "now": now, "limit": limit, "seconds": seconds, "pricing": _PRICING},
        )

    def claimed(self, claim: UUID) -> list[DueRow]:
        """The rows still under ``claim``, observations first."""
        return [_due_row(row) for row in self._database.fetch_all(_queries()["claimed"], {"claim": claim})]

    def release(self, claim: UUID) -> None:
        """Give the rows of ``claim`` back untouched."""
        self._database.execute(_queries()["release"], {"claim": claim})

    def taken(self, originators: Sequence[UUID]) -> set[UUID]:
        """Which of these slots' events are stored."""
        rows = self._database.fetch_all(_queries()["taken"], {"originators": list(originators)})
        return {row["originator_id"] for row in rows}

    def system_settings(self) -> SystemSettings:
        """Operators' settings; the defaults until some were seen."""
        row = self._database.fetch_one(_queries()["installation"])
        return SystemSettings.model_validate(row["settings"]) if row else SystemSettings()

    def schedule(self, store_id: str) -> dict[str, Any] | None:
        """One store's row."""
        return self._database.fetch_one(_queries()["schedule"], {"store_id": store_id})

    def schedules(self, cursor: str, limit: int) -> list[dict[str, Any]]:
        """A page of stores after ``cursor``."""
        return self._database.fetch_all(_queries()["schedules"], {"cursor": cursor, "limit": limit})

    def jobs_of(self, stores: Iterable[str]) -> list[dict[str, Any]]:
        """The jobs of some stores."""
        return self._database.fetch_all(_queries()["jobs_of"], {"stores": list(stores)})

    def overdue(self, now: datetime) -> tuple[int, float]:
        """How many rows should have fired, and for how many seconds the oldest has waited."""
        row = self._database.fetch_one(_queries()["overdue"], {"now": now, "pricing": _PRICING})
        assert row is not None, "an aggregate query returns a row"
        return row["waiting"], row["oldest_seconds"]

    def settle(self, unit: UnitOfWork, claim: UUID, outcomes: Sequence[tuple[DueRow, Step]]) -> None:
        """Store outcomes with the unit; it is refused whole if one of the rows lost its claim meanwhile."""
        unit.execute(
            _queries()["settle"],
            {
                "claim": claim,
                "stores": [row.store_id for row, _ in outcomes],
                "jobs": [row.job.value for row, _ in outcomes],
                "after": [step.after for _, step in outcomes],
                "fires_at": [step.fires_at for _, step in outcomes],
            },
            must_touch=len(outcomes),
        )

    def put_schedule(self, unit: UnitOfWork, schedule: Schedule, rules: Rules) -> None:
        """Store a schedule's row and jobs with the unit that changed it."""
        for statement, rows in _schedule_rows(schedule, rules, {}):
            unit.execute_many(statement, rows)

    def put_installation(self, unit: UnitOfWork, installation: Installation, rules: Rules) -> None:
        """Store operators' settings and the installation's jobs with the unit, and look at every store again."""
        for statement, rows in _installation_rows(installation, rules, {}):
            unit.execute_many(statement, rows)
        unit.execute(_queries()["wake_all"])

    def resume_all(self, unit: UnitOfWork, since: datetime) -> None:
        """No store makes up for slots before ``since``."""
        unit.execute(_queries()["resume_all"], {"since": since, "pricing": _PRICING})

    def replace(self, read_log: Callable[[], Replay], rules: Rules) -> None:
        """Make all tables again from what ``read_log`` folds, while nobody else writes to them."""
        with self._database.transaction() as cursor:
            for name in ("lock_read_models", "forget_due", "forget_schedules", "forget_installation"):
                cursor.execute(_queries()[name].encode())
            for statement, rows in _replayed_rows(read_log(), rules):
                cursor.executemany(statement.encode(), rows)


Statements = list[tuple[str, list[dict[str, Any]]]]
Memory = Mapping[tuple[str, Job], datetime]


def _replayed_rows(replay: Replay, rules: Rules) -> Statements:
    statements = []
    if replay.installation.started_at is not None:
        statements += _installation_rows(replay.installation, rules, replay.after)
    for schedule in replay.schedules.values():
        statements += _schedule_rows(schedule, rules, replay.after)
    return statements


def _schedule_rows(schedule: Schedule, rules: Rules, memory: Memory) -> Statements:
    facts = schedule.facts
    row = {
        "store_id": facts.store_id,
        "frequency_hours": facts.frequency_hours,
        "blocks": sorted(block.value for block in schedule.blocks),
        "tokens_at": facts.tokens_at,
        "started_at": schedule.started_at,
    }
    jobs = [
        _job_row(facts.store_id, job, memory.get((facts.store_id, job), schedule.since(job)), rules)
        | {"active": job in schedule.jobs}
        for job in PRICING_JOBS + TOKEN_JOBS
    ]
    return [(_queries()["put_schedule"], [row]), (_queries()["put_due"], jobs)]


def _installation_rows(installation: Installation, rules: Rules, memory: Memory) -> Statements:
    assert installation.started_at is not None, "a stored Installation has started"
    settings = installation.settings
    row = {
        "settings_version": installation.settings_version,
        "settings": json.dumps(settings.model_dump(mode="json")),
        "stopped": settings.stopped,
    }
    after = memory.get((SYSTEM, Job.RETENTION), installation.started_at)
    retention = _job_row(SYSTEM, Job.RETENTION, after, rules) | {"active": True}
    return [(_queries()["put_installation"], [row]), (_queries()["put_due"], [retention])]


def _job_row(store_id: str, job: Job, after: datetime, rules: Rules) -> dict[str, Any]:
    return {
        "store_id": store_id,
        "job": job.value,
        "rank": _RANK[job],
        "after": after,
        "patience": patience_of(job, rules),
    }


def _due_row(row: Mapping[str, Any]) -> DueRow:
    # The installation's own job needs no facts of a store; those of a store that does not exist would do no harm.
    facts = StoreFacts(row["store_id"], row["frequency_hours"] or 24, row["tokens_at"] or row["after"])
    return DueRow(row["store_id"], Job(row["job"]), row["after"], facts)
