"""Proposals and decisions of one store out of its history: the two tables of which every row is kept."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, LiteralString
from uuid import UUID

from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.ids import item_key
from thaman_kit.database import Database, copy_rows, load_queries
from thaman_kit.packing import packed
from thaman_kit.plain import Body, Fields, Instant, Reader

Row = tuple[Any, ...]

Batch = dict[LiteralString, list[Row]]
"""Rows by table, their values in the order of :data:`_COLUMNS`."""

_queries = partial(load_queries, "thaman_optimizer", "adapters/bulk/bulk.sql")
_NAMED = {"store_id": "text", "run_id": "uuid", "item_key": "text", "product_id": "text", "variant_id": "text"}
_CLOSED = {"state": "text", "closed_at": "timestamptz", "closed_by": "text", "close_reason": "text"}
_REPORTED = {
    "state": "text", "old_base_price": "int8", "base_price": "int8", "shelf_price": "int8", "reason": "text",
    "settled_at": "timestamptz",
}  # fmt: skip
_SAID = {
    "risk": "text", "disposition": "text", "proposed_at": "timestamptz", "expires_at": "timestamptz",
    "document": "bytea",
}  # fmt: skip
_DECIDED = {"decided_at": "timestamptz", "decided_by": "text", "document": "bytea"}
_COLUMNS: dict[LiteralString, dict[LiteralString, str]] = {
    "proposals_told": {"proposal_id": "uuid", **_NAMED, **_SAID, **_CLOSED},
    "decisions_told": {"decision_id": "uuid", **_NAMED, **_DECIDED, **_REPORTED},
    "late_closings": {"proposal_id": "uuid", **_CLOSED},
    "late_reports": {"decision_id": "uuid", **_REPORTED},
}
"""Columns of tables, with their types."""


class _Named(Fields, kw_only=True):
    occurred_at: Instant
    run_id: UUID
    product_id: str
    variant_id: str | None = None


class _Said(_Named):
    proposal_id: UUID
    reference: int | None


class _Proposed(_Said):
    risk: str
    disposition: str
    expires_at: Instant


class _Closed(_Named):
    proposal_id: UUID


class _Rejected(_Closed):
    rejected_by: str
    reason: str | None = None


class _Expired(_Closed):
    reason: str


class _Decided(_Closed):
    decision_id: UUID
    decided_by: str


class _Reported(_Named):
    decision_id: UUID


class _Started(_Reported):
    expected_base_price: int
    target_base_price: int


class _Uncertain(_Reported):
    target_base_price: int
    reason: str


class _Applied(_Reported):
    old_base_price: int
    base_price: int
    shelf_price: int


class _Ended(_Reported):
    reason: str
    detail: str


_PENDING, _HELD = (("pending", None, None, None), ("held", None, None, None))
_UNDECIDED: Row = (None, None, None)
_UNREPORTED: Row = ("decided", None, None, None, None, None)


class DecisionsFold:
    """Fills the empty tables of proposals and decisions, page by page, and what proposals knew of the market's prices.

    Pages may be taken in before there is a database; before the first is stored comes :func:`prepare`, after the last
    :meth:`finish`. What is said of a proposal or a decision in a later page than its own is written at the end.
    """

    def __init__(self, store_id: str) -> None:
        self._store_id = store_id
        self._proposals: list[tuple[int, Row, Row]] = []
        self._closings: dict[int, Row] = {}
        self._proposed_before: set[int] = set()
        self._late_closings: dict[int, Row] = {}
        self._decisions: dict[int, Row] = {}
        self._reports: dict[int, tuple[_Reported, Row]] = {}
        self._decided_before: set[int] = set()
        self._late_reports: dict[int, Row] = {}
        self._references: dict[tuple[str, date], int] = {}

    def take(self, page: Iterable[Body]) -> None:
        """Take in the next bodies, of :data:`TYPES`.

        Raises:
            KeyError, ValueError: one of them is not what this release says.
        """
        for event_type, body in page:
            whole, take = _TAKE[event_type]
            take(self, *whole(body))

    def rows(self) -> Batch:
        """What was taken in since the last time comes to. Reports of decisions that were not told yet wait for them."""
        return {"proposals_told": self._proposed_rows(), "decisions_told": self._decided_rows()}

    def store(self, database: Database, batch: Batch) -> None:
        """Put rows into the database, in one transaction; batches in their order."""
        with database.transaction() as cursor:
            for table, rows in batch.items():
                if rows:
                    copy_rows(cursor, table, _COLUMNS[table], rows)

    def finish(self, database: Database) -> None:
        """Write what is left when all else is written: reports of decisions that were never told, what came late, and
        the last reference prices of items in weeks.

        Raises:
            psycopg.errors.UniqueViolation: a proposal or a decision was told twice.
        """
        orphans = [
            (said.decision_id, *self._names(said), *_UNDECIDED, *report) for said, report in self._reports.values()
        ]
        self.store(database, {"decisions_told": orphans})
        database.execute(_queries()["keep_apart"])
        closings = [(UUID(int=key), *closing) for key, closing in self._late_closings.items()]
        reports = [(UUID(int=key), *report) for key, report in self._late_reports.items()]
        self.store(database, {"late_closings": closings, "late_reports": reports})
        database.execute(_queries()["told_late"])
        self._store_references(database)

    def _proposed_rows(self) -> list[Row]:
        proposals, closings, self._proposals, self._closings = self._proposals, self._closings, [], {}
        found = [told + closings.pop(key, state) for key, told, state in proposals]
        self._late_closings |= {key: closings[key] for key in closings.keys() & self._proposed_before}
        self._proposed_before.update(key for key, *_ in proposals)
        return found

    def _decided_rows(self) -> list[Row]:
        decisions, reports, self._decisions = self._decisions, self._reports, {}
        found = [told + (reports.pop(key)[1] if key in reports else _UNREPORTED) for key, told in decisions.items()]
        for key in reports.keys() & self._decided_before:
            self._late_reports[key] = _since(self._late_reports.get(key), reports.pop(key)[1])
        self._decided_before |= decisions.keys()
        return found

    def _store_references(self, database: Database) -> None:
        if self._references:
            keys, prices = zip(*self._references.items(), strict=True)
            items, weeks = map(list, zip(*keys, strict=True))
            statement = _queries()["references_told"]
            given = {"item_key": items, "week": weeks, "reference": list(prices)}
            database.execute(statement, packed(statement, given) | {"store_id": self._store_id})

    def _said(self, said: _Said, document: bytes, state: Row, *facts: object) -> None:
        key = said.proposal_id
        row = key, *self._names(said), *facts[:2], said.occurred_at, *facts[2:], document
        self._proposals.append((key.int, row, state))
        if said.reference is not None:
            self._references[item_key(said.product_id, said.variant_id), _monday(said.occurred_at)] = said.reference

    def _proposed(self, said: _Proposed, document: bytes) -> None:
        self._said(said, document, _PENDING, said.risk, said.disposition, said.expires_at)

    def _held(self, said: _Said, document: bytes) -> None:
        self._said(said, document, _HELD, None, optimizer.Disposition.HOLD.value, None)

    def _decided(self, said: _Decided, document: bytes) -> None:
        key, at, by = said.decision_id, said.occurred_at, said.decided_by
        self._closings[said.proposal_id.int] = ("decided", at, by, None)
        # Decided twice, the decision is as it was decided last.
        self._decisions[key.int] = (key, *self._names(said), at, by, document)

    def _rejected(self, said: _Rejected, _: bytes) -> None:
        self._closings[said.proposal_id.int] = ("rejected", said.occurred_at, said.rejected_by, said.reason)

    def _expired(self, said: _Expired, _: bytes) -> None:
        self._closings[said.proposal_id.int] = ("expired", said.occurred_at, None, said.reason)

    def _approved(self, said: _Named, _: bytes) -> None:
        """The decision closes the proposal."""

    def _report(self, said: _Reported, report: Row) -> None:
        decision = said.decision_id.int
        before = self._reports.get(decision)
        self._reports[decision] = said, report if before is None else _since(before[1], report)

    def _started(self, said: _Started, _: bytes) -> None:
        self._report(said, ("writing", said.expected_base_price, said.target_base_price, None, None, None))

    def _uncertain(self, said: _Uncertain, _: bytes) -> None:
        self._report(said, ("uncertain", None, said.target_base_price, None, said.reason, None))

    def _applied(self, said: _Applied, _: bytes) -> None:
        prices = said.old_base_price, said.base_price, said.shelf_price
        self._report(said, ("applied", *prices, None, said.occurred_at))

    def _failed(self, said: _Ended, _: bytes) -> None:
        self._report(said, ("failed", None, None, None, f"{said.reason}: {said.detail}", said.occurred_at))

    def _stale(self, said: _Ended, _: bytes) -> None:
        self._report(said, ("stale", None, None, None, f"{said.reason}: {said.detail}", said.occurred_at))

    def _names(self, said: _Named) -> Row:
        product, variant = said.product_id, said.variant_id
        return self._store_id, said.run_id, item_key(product, variant), product, variant


def prepare(database: Database) -> None:
    """Let the empty tables take in what comes as it comes: documents stay bytes, and no row is looked for."""
    database.execute(_queries()["prepare"])


def _since(before: Row | None, report: Row) -> Row:
    """The last state counts, and of each price the last that was told."""
    if before is None or None not in report[1:4]:
        return report
    prices = (then if now is None else now for now, then in zip(report[1:4], before[1:4], strict=True))
    return report[0], *prices, *report[4:]


@lru_cache(maxsize=10_000)
def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


_KINDS: dict[type[EventData], tuple[type[Fields], Callable[[DecisionsFold, Any, bytes], None]]] = {
    optimizer.PriceProposed: (_Proposed, DecisionsFold._proposed),
    optimizer.PriceHeld: (_Said, DecisionsFold._held),
    optimizer.PriceDecided: (_Decided, DecisionsFold._decided),
    optimizer.PriceApproved: (_Named, DecisionsFold._approved),
    optimizer.PriceRejected: (_Rejected, DecisionsFold._rejected),
    optimizer.ProposalExpired: (_Expired, DecisionsFold._expired),
    onboarding.PriceWriteStarted: (_Started, DecisionsFold._started),
    onboarding.PriceApplyUncertain: (_Uncertain, DecisionsFold._uncertain),
    onboarding.PriceApplied: (_Applied, DecisionsFold._applied),
    onboarding.PriceApplyFailed: (_Ended, DecisionsFold._failed),
    onboarding.PriceDecisionStale: (_Ended, DecisionsFold._stale),
}
"""What is read of each kind, and by whom it is taken in."""
_TAKE = {kind.event_type(): (Reader(kind.event_type(), wanted).whole, take) for kind, (wanted, take) in _KINDS.items()}

TYPES = frozenset(_TAKE)
"""The events that are read here."""
