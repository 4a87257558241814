"""Decided prices on their way, in PostgreSQL: reads, and effects for a unit of work."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from thaman_contracts.events.optimizer import PriceDecided
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import item_key
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_kit.domain import EventMeta, current_cause
from thaman_kit.jobs import Job
from thaman_onboarding.adapters.columns import execute_columns
from thaman_onboarding.domain.price_write import WriteState
from thaman_onboarding.domain.settling import OpenDecision

_sql = partial(load_queries, "thaman_onboarding", "adapters/writing.sql")

WRITE = "write"
"""The queue of decided prices; a job for each decision, one of a store at a time."""


class WriteStore:
    """Reads of the writer's tables; blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, store_id: str, limit: int) -> list[OpenDecision]:
        """The store's oldest unsettled decisions."""
        rows = self._database.fetch_all(_sql()["open"], {"store_id": store_id, "limit": limit})
        return [
            OpenDecision(
                decision=PriceDecided.model_validate(row["decision"]),
                key=row["key"],
                cause=EventMeta.model_validate(row["cause"]),
                state=WriteState(row["state"]),
                attempt=row["attempt"],
                doubts=row["doubts"],
                call=row["call"],
                in_flight=row["in_flight"],
                age=row["age"] or 0.0,
                wait=max(row["wait"], 0.0),
                superseded=row["superseded"],
                written_today=row["written_today"],
                single_age=row["single_age"],
                bulk_age=row["bulk_age"],
            )
            for row in rows
        ]

    def rules(self, store_id: str, keys: Sequence[str]) -> dict[str, ItemRule]:
        """The merchant's rules of these items."""
        rows = self._database.fetch_all(_sql()["rules"], {"store_id": store_id, "keys": list(keys)})
        rules = [ItemRule.model_validate(row) for row in rows]
        return {rule.key: rule for rule in rules}

    def allowed(self, store_id: str, version: int, fence: int, job: Job) -> bool:
        """Whether the store is still as it was judged, and the job still ours."""
        parameters = {"store_id": store_id, "version": version, "fence": fence, "job": job.id, "lease": job.lease}
        row = self._database.fetch_one(_sql()["allowed"], parameters)
        return bool(row and row["allowed"])

    def postpone_jobs(self, store_id: str, delay: float) -> None:
        """Let the store's waiting jobs wait, too."""
        self._database.execute(_sql()["postpone_jobs"], {"queue": WRITE, "store_id": store_id, "delay": delay})


def add_decision(uow: UnitOfWork, decision: PriceDecided) -> None:
    """Take a decision in, with a job that will write all of the store's that are open by then."""
    uow.execute_together(
        _sql()["add_decisions"],
        {
            "decision_id": decision.decision_id,
            "store_id": decision.store_id,
            "key": item_key(decision.product_id, decision.variant_id),
            "decision": decision.model_dump_json(),
            "cause": current_cause().model_dump_json(),
        },
    )
    if not uow.has_enqueued(WRITE, decision.store_id):
        uow.enqueue(WRITE, str(decision.decision_id), decision.store_id)


def hold_store(uow: UnitOfWork, store_id: str, version: int, fence: int) -> None:
    """Refuse the unit when the store or its rules changed, or all writing was stopped, since they were read.

    Both stay as they are until commit, so no write begins behind a stop in the log.
    """
    uow.execute(_sql()["hold_system"])
    parameters = {"store_id": store_id, "fence": fence, "version": version}
    uow.execute(_sql()["hold_store"], parameters, must_touch=1)


def hold_job(uow: UnitOfWork, job: Job) -> None:
    """Refuse the unit when the job passed to another worker."""
    uow.execute(_sql()["hold_job"], {"job": job.id, "lease": job.lease}, must_touch=1)


def start(uow: UnitOfWork, attempts: Iterable[tuple[UUID, int, str, float]]) -> None:
    """Attempts begin: decision, number, call, and seconds until they are to be looked at if nobody does before."""
    execute_columns(uow, _sql()["start"], ("ids", "attempts", "calls", "delays"), attempts)


def doubt(uow: UnitOfWork, decision_id: UUID, detail: str, delay: float) -> None:
    """The attempt's outcome is unknown."""
    uow.execute(_sql()["doubt"], {"decision_id": decision_id, "detail": detail, "delay": delay})


def put_back(uow: UnitOfWork, decision_id: UUID, detail: str, delay: float) -> None:
    """The attempt had no effect; another one may follow."""
    uow.execute(_sql()["put_back"], {"decision_id": decision_id, "detail": detail, "delay": delay})


def wait(uow: UnitOfWork, decision_id: UUID, delay: float) -> None:
    """Nothing is known yet."""
    uow.execute(_sql()["wait"], {"decision_id": decision_id, "delay": delay})


def settle(uow: UnitOfWork, store_id: str, settled: Iterable[tuple[UUID, WriteState, str]]) -> None:
    """Outcomes that are known for good, and with them the end of their jobs."""
    rows = [(one, state.value, detail) for one, state, detail in settled]
    execute_columns(uow, _sql()["settle"], ("ids", "states", "details"), rows)
    if rows:
        keys = [str(one) for one, _, _ in rows]
        uow.execute(_sql()["finish_jobs"], {"queue": WRITE, "store_id": store_id, "keys": keys})


def touch_items(uow: UnitOfWork, store_id: str, keys: Iterable[str], wrote: Mapping[str, int]) -> None:
    """Writes of these items begin or end; ``wrote`` has the base prices that we wrote, by item."""
    rows = [(key, wrote.get(key)) for key in sorted({*keys, *wrote})]
    execute_columns(uow, _sql()["touch_items"], ("keys", "base_prices"), rows, store_id=store_id)
