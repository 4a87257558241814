"""Answers as rows of the dashboard's own, and the queue of proposals that have none yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from thaman_dashboard.adapters.searching import like
from thaman_dashboard.adapters.showing import proposal_of, shown
from thaman_dashboard.answer_views import (
    AnswerState,
    GivenAnswer,
    Kept,
    OpenBatch,
    QueueFilter,
    QueueOrder,
    QueueRow,
    QueueShape,
    RefusedAnswer,
)
from thaman_dashboard.views import OfferView, Page, Role, SessionView
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/answering.sql")

Stored = dict[str, Any]
_DIGITS = 18
"""More a number of PostgreSQL's does not have."""

_PLACES: Mapping[QueueOrder, tuple[str, Any]] = {
    QueueOrder.EXPIRY: ("expires_at", datetime.fromisoformat),
    QueueOrder.CHANGE: ("change_bp", lambda text: int(text[:_DIGITS])),
}
"""By order, the column that is sorted by and how a cursor gives it back."""


class AnswerTables:
    """Implements :class:`thaman_dashboard.answer_ports.Answers`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self,
        session: SessionView,
        shown: Mapping[UUID, str],
        *,
        approved: bool,
        reason: str | None,
        now: datetime,
        due_at: datetime,
    ) -> Kept:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        queries, store_id, batch = _queries(), session.store_id, uuid4()
        with self._database.transaction() as cursor:
            cursor.execute(queries["lock"].encode(), {"store_id": store_id})
            cursor.execute(queries["standing"].encode(), {"store_id": store_id, "ids": list(shown)})
            refusals = {row["proposal_id"]: _refusal(row) for row in cursor.fetchall()}
            ids = [one for one in shown if one in refusals and refusals[one] is None]
            row = {
                "store_id": store_id, "session_hash": session.hash, "role": session.role.value, "approved": approved,
                "person_id": session.person_id,
                "batch": batch, "reason": reason, "now": now, "due_at": due_at, "ids": ids,
                "digests": [shown[one].replace("\0", "") for one in ids],
            }  # fmt: skip
            cursor.execute(queries["keep"].encode(), row)
            cursor.execute(queries["tell"].encode(), {"store_id": store_id})
        refused = [refusals.get(one, "not_found") for one in shown]
        return Kept(batch, tuple(ids), tuple(code for code in refused if code is not None))

    def take_back(self, store_id: str, batch: UUID, now: datetime) -> int:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        return self._change("take_back", store_id, batch=batch, now=now)

    def given(self, store_id: str, proposal_id: UUID) -> tuple[GivenAnswer, ...]:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        rows = self._database.fetch_all(_queries()["given"], {"store_id": store_id, "proposal_id": proposal_id})
        return tuple(_given(row) for row in rows)

    def open(self, store_id: str) -> tuple[OpenBatch, ...]:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        rows = self._database.fetch_all(_queries()["open"], {"store_id": store_id})
        return tuple(shown(OpenBatch, row, names=tuple(row["names"])) for row in rows)

    def refused(self, store_id: str, since: datetime) -> tuple[RefusedAnswer, ...]:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        rows = self._database.fetch_all(_queries()["refused"], {"store_id": store_id, "since": since})
        return tuple(shown(RefusedAnswer, row) for row in rows)

    def mark_seen(self, store_id: str, now: datetime) -> None:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        self._change("mark_seen", store_id, now=now)

    def claim(self, now: datetime, abandoned: datetime, limit: int, batch: UUID | None = None) -> list[GivenAnswer]:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        wanted = {"now": now, "abandoned": abandoned, "limit": limit, "batch": batch}
        return [_given(row) for row in self._database.fetch_all(_queries()["claim"], wanted)]

    def settle(
        self, answer: GivenAnswer, state: AnswerState, refusal: str | None, now: datetime, *, is_told: bool = False
    ) -> None:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        said = {"state": state.value, "refusal": refusal, "now": now, "is_told": is_told}
        self._change("settle", answer.store_id, **_named(answer), **said)

    def put_back(self, answer: GivenAnswer, due_at: datetime) -> None:
        """See :class:`~thaman_dashboard.answer_ports.Answers`."""
        self._change("put_back", answer.store_id, **_named(answer), due_at=due_at)

    def _change(self, query: str, store_id: str, **params: Any) -> int:
        """Change a store's answers and tell its open pages; how many rows."""
        queries = _queries()
        with self._database.transaction() as cursor:
            cursor.execute(queries[query].encode(), {"store_id": store_id, **params})
            changed = cursor.rowcount
            if changed:
                cursor.execute(queries["tell"].encode(), {"store_id": store_id})
        return changed


class QueueReading:
    """Implements :class:`thaman_dashboard.answer_ports.Queue`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(
        self,
        store_id: str,
        wanted: QueueFilter,
        *,
        order: QueueOrder = QueueOrder.EXPIRY,
        after: str | None = None,
        limit: int = 25,
    ) -> Page[QueueRow]:
        """See :class:`~thaman_dashboard.answer_ports.Queue`."""
        name = f"queue_by_{order}"
        column, read = _PLACES[order]
        place, id = unseal(name, after, read, UUID) if after else (None, None)
        rows = self._rows(name, store_id, _filter(wanted) | {"place": place, "id": id, "limit": limit + 1, "ids": None})
        last = rows[limit - 1] if len(rows) > limit else None
        cursor = None if last is None else seal(name, _text(last[column]), last["proposal_id"])
        return Page(self._with_offers(store_id, rows[:limit]), cursor)

    def shape(self, store_id: str, wanted: QueueFilter) -> QueueShape:
        """See :class:`~thaman_dashboard.answer_ports.Queue`."""
        [row] = self._rows("queue_shape", store_id, _filter(wanted))
        return QueueShape(row["count"], tuple(row["brands"] or ()), tuple(row["categories"] or ()))

    def these(self, store_id: str, ids: Sequence[UUID]) -> tuple[QueueRow, ...]:
        """See :class:`~thaman_dashboard.answer_ports.Queue`."""
        everything = _filter(QueueFilter()) | {"place": None, "id": None, "limit": len(ids), "ids": list(ids)}
        return self._with_offers(store_id, self._rows("queue_by_expiry", store_id, everything))

    def _rows(self, query: str, store_id: str, params: Stored) -> list[Stored]:
        return self._database.fetch_all(_queries()[query], {"store_id": store_id, **params})

    def _with_offers(self, store_id: str, rows: Sequence[Stored]) -> tuple[QueueRow, ...]:
        keys = [row["item_key"] for row in rows]
        found = self._rows("queue_offers", store_id, {"keys": keys}) if keys else []
        offers = {
            key: tuple(shown(OfferView, one) for one in group)
            for key, group in groupby(found, key=lambda one: str(one["item_key"]))
        }
        return tuple(
            QueueRow(proposal_of(row), row["cost"], row["brand"], row["category"], offers.get(row["item_key"], ()))
            for row in rows
        )


def _filter(wanted: QueueFilter) -> Stored:
    plain = {name: getattr(wanted, name) for name in ("risk", "brand", "category")}
    # A text with a NUL is in no row, and PostgreSQL refuses to look for it.
    return {name: value and value.replace("\0", "\ufffd") for name, value in plain.items()} | {
        "pattern": like(wanted.search)
    }


def _refusal(row: Stored) -> str | None:
    """Why a proposal takes no answer; ``None`` where it does."""
    if row["proposal"] != "pending" or row["answer"] == AnswerState.DONE:
        return "proposal_closed"
    return None if row["answer"] is None else "answer_waits"


def _given(row: Stored) -> GivenAnswer:
    state = row["state"]
    return shown(
        GivenAnswer,
        row,
        session_hash=bytes(row["session_hash"]),
        role=Role(row["role"]),
        state=None if state is None else AnswerState(state),
    )


def _named(answer: GivenAnswer) -> Stored:
    """The row of one try to send it; where somebody tried again, that one says how it ended."""
    return {"proposal_id": answer.proposal_id, "session_hash": answer.session_hash, "tries": answer.tries}


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
