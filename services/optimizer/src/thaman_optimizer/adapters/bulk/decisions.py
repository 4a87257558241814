"""Proposals and decisions of one store out of its history: the two tables of which every row is kept."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.ids import item_key
from thaman_kit.database import Database, load_queries
from thaman_kit.packing import packed
from thaman_kit.plain import Body, Said, read

Row = tuple[Any, ...]

Batch = dict[str, list[Row]]
"""Rows by statement, their values in the order of :data:`_COLUMNS`."""

_queries = partial(load_queries, "thaman_optimizer", "adapters/bulk/bulk.sql")
_CLOSED = ("state", "closed_at", "closed_by", "close_reason")
_REPORTED = ("state", "old_base_price", "base_price", "shelf_price", "reason", "settled_at")
_SAID = ("risk", "disposition", "proposed_at", "expires_at", "document")
_NAMED = ("run_id", "product_id", "variant_id")
_COLUMNS = {
    "proposals_told": ("proposal_id", *_NAMED, *_SAID, *_CLOSED),
    "proposals_ended": ("proposal_id", *_CLOSED),
    "decisions_told": ("decision_id", *_NAMED, "decided_at", "decided_by", "document", *_REPORTED),
    "decisions_reported_since": ("decision_id", *_REPORTED),
    "references_told": ("item_key", "week", "reference"),
}
_PENDING, _HELD = (("pending", None, None, None), ("held", None, None, None))
_UNDECIDED: Row = (None, None, None)
_UNREPORTED: Row = ("decided", None, None, None, None, None)


class DecisionsFold:
    """Fills the empty tables of proposals and decisions, page by page, and what proposals knew of the market's prices.

    Pages may be taken in before there is a database; before the first is stored comes :func:`keep_text`.
    """

    def __init__(self, store_id: str) -> None:
        self._store = {"store_id": store_id}
        self._proposals: list[tuple[Row, Row]] = []
        self._closings: dict[str, Row] = {}
        self._decisions: dict[str, Row] = {}
        self._reports: dict[str, tuple[Row, Row]] = {}
        self._told: set[str] = set()
        self._references: dict[tuple[str, date], int] = {}

    def take(self, page: Iterable[Body]) -> None:
        """Take in the next bodies, of :data:`TYPES`.

        Raises:
            KeyError, ValueError, TypeError: one of them is not what this release says.
        """
        for event_type, body in page:
            said, whole = read(event_type, body)
            _TAKE[event_type](self, said, whole)

    def rows(self) -> Batch:
        """What was taken in since the last time comes to, by statement.

        Reports of decisions that were not told yet wait for them.
        """
        proposals, closings, self._proposals, self._closings = self._proposals, self._closings, [], {}
        decisions, reports, self._decisions, self._reports = self._decisions, self._reports, {}, {}
        said = [(*row, *closings.pop(row[0], state)) for row, state in proposals]
        ended = [(key, *row) for key, row in closings.items()]
        decided = [(*row, *reports.pop(key, (row, _UNREPORTED))[1]) for key, row in decisions.items()]
        since = [(key, *reports.pop(key)[1]) for key in reports.keys() & self._told]
        self._told |= decisions.keys()
        self._reports = reports
        return {
            "proposals_told": said,
            "proposals_ended": ended,
            "decisions_told": decided,
            "decisions_reported_since": since,
        }

    def rest(self) -> Batch:
        """What is left when everything is taken in: reports of decisions that were never told, and the last reference
        prices of items in weeks."""
        reported = [(key, *names, *_UNDECIDED, *report) for key, (names, report) in self._reports.items()]
        found = [(key, week, price) for (key, week), price in self._references.items()]
        return {"decisions_told": reported, "references_told": found}

    def store(self, database: Database, batch: Batch) -> None:
        """Put rows into the database, in one transaction; batches in their order."""
        with database.transaction() as cursor:
            for name, rows in batch.items():
                if rows:
                    statement = _queries()[name]
                    given = dict(zip(_COLUMNS[name], map(list, zip(*rows, strict=True)), strict=True))
                    cursor.execute(statement.encode(), packed(statement, given) | self._store)

    def _said(
        self, said: Said, body: bytes, state: Row, risk: str | None, disposition: str, expires: str | None
    ) -> None:
        product, variant, at = said["product_id"], said["variant_id"], said["occurred_at"]
        row = (said["proposal_id"], said["run_id"], product, variant, risk, disposition, at, expires, body)
        self._proposals.append((row, state))
        if (reference := said["reference"]) is not None:
            self._references[item_key(product, variant), _monday(at)] = reference

    def _proposed(self, said: Said, body: bytes) -> None:
        self._said(said, body, _PENDING, said["risk"], said["disposition"], said["expires_at"])

    def _held(self, said: Said, body: bytes) -> None:
        self._said(said, body, _HELD, None, optimizer.Disposition.HOLD.value, None)

    def _decided(self, said: Said, body: bytes) -> None:
        at, by, decision = said["occurred_at"], said["decided_by"], said["decision_id"]
        self._closings[said["proposal_id"]] = ("decided", at, by, None)
        # Decided twice, the decision is as it was decided last.
        self._decisions[decision] = (decision, *_names(said), at, by, body)

    def _rejected(self, said: Said, _: bytes) -> None:
        closing = ("rejected", said["occurred_at"], said["rejected_by"], said["reason"])
        self._closings[said["proposal_id"]] = closing

    def _expired(self, said: Said, _: bytes) -> None:
        self._closings[said["proposal_id"]] = ("expired", said["occurred_at"], None, said["reason"])

    def _approved(self, said: Said, _: bytes) -> None:
        """The decision closes the proposal."""

    def _report(self, said: Said, report: Row) -> None:
        """The last state counts, and of each price the last that was told."""
        decision = said["decision_id"]
        if None in report[1:4] and (known := self._reports.get(decision)) is not None:
            told = zip(report[1:4], known[1][1:4], strict=True)
            report = (report[0], *(before if now is None else now for now, before in told), *report[4:])
        self._reports[decision] = _names(said), report

    def _started(self, said: Said, _: bytes) -> None:
        self._report(said, ("writing", said["expected_base_price"], said["target_base_price"], None, None, None))

    def _uncertain(self, said: Said, _: bytes) -> None:
        self._report(said, ("uncertain", None, said["target_base_price"], None, said["reason"], None))

    def _applied(self, said: Said, _: bytes) -> None:
        prices = said["old_base_price"], said["base_price"], said["shelf_price"]
        self._report(said, ("applied", *prices, None, said["occurred_at"]))

    def _failed(self, said: Said, _: bytes) -> None:
        reason = f"{said['reason']}: {said['detail']}"
        self._report(said, ("failed", None, None, None, reason, said["occurred_at"]))

    def _stale(self, said: Said, _: bytes) -> None:
        reason = f"{said['reason']}: {said['detail']}"
        self._report(said, ("stale", None, None, None, reason, said["occurred_at"]))


def keep_text(database: Database) -> None:
    """Let the empty tables keep documents as the text that they are."""
    database.execute(_queries()["keep_text"])


def _names(said: Said) -> Row:
    return said["run_id"], said["product_id"], said["variant_id"]


@lru_cache(maxsize=10_000)
def _monday(instant: str) -> date:
    day = datetime.fromisoformat(instant).astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


_KINDS: dict[type[EventData], Callable[[DecisionsFold, Said, bytes], None]] = {
    optimizer.PriceProposed: DecisionsFold._proposed,
    optimizer.PriceHeld: DecisionsFold._held,
    optimizer.PriceDecided: DecisionsFold._decided,
    optimizer.PriceApproved: DecisionsFold._approved,
    optimizer.PriceRejected: DecisionsFold._rejected,
    optimizer.ProposalExpired: DecisionsFold._expired,
    onboarding.PriceWriteStarted: DecisionsFold._started,
    onboarding.PriceApplyUncertain: DecisionsFold._uncertain,
    onboarding.PriceApplied: DecisionsFold._applied,
    onboarding.PriceApplyFailed: DecisionsFold._failed,
    onboarding.PriceDecisionStale: DecisionsFold._stale,
}
_TAKE = {kind.event_type(): take for kind, take in _KINDS.items()}

TYPES = frozenset(_TAKE)
"""The events that are read here."""
