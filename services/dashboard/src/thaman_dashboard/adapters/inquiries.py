"""Questions over which an owner works for long, as rows of the dashboard's own."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.errors import TooManyInquiries
from thaman_dashboard.inquiry_ports import Inquiry, Kind, Progress, Room, State
from thaman_dashboard.views import SessionView
from thaman_kit.database import Database, load_queries

KEPT = timedelta(days=1)
_queries = partial(load_queries, "thaman_dashboard", "adapters/inquiries.sql")


class InquiryTables:
    """Implements :class:`thaman_dashboard.inquiry_ports.Inquiries`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, session: SessionView, kind: Kind, asked: Mapping[str, Any], now: datetime, room: Room) -> UUID:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        queries, document = _queries(), json.dumps(asked, ensure_ascii=False, sort_keys=True)
        inquiry_id = uuid4()
        row = {
            "store_id": session.store_id, "inquiry_id": inquiry_id, "kind": kind.value, "person_id": session.person_id,
            "asked": document, "digest": sha256(document.encode()).digest(), "now": now,
        }  # fmt: skip
        with self._database.transaction() as cursor:
            cursor.execute(queries["lock"].encode())
            same = cursor.execute(queries["same"].encode(), row).fetchone()
            if same is not None:
                found: UUID = same["inquiry_id"]
                return found
            count = cursor.execute(queries["count_open"].encode(), row).fetchone()
            assert count is not None, "a count has one row"
            if count["of_store"] >= room.of_store or count["altogether"] >= room.altogether:
                raise TooManyInquiries
            cursor.execute(queries["keep"].encode(), row)
        return inquiry_id

    def find(self, store_id: str, kind: Kind, inquiry_id: UUID) -> Inquiry | None:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        wanted = {"store_id": store_id, "kind": kind.value, "inquiry_id": inquiry_id}
        return _inquiry(self._database.fetch_one(_queries()["find"], wanted))

    def latest_open(self, store_id: str, kind: Kind) -> UUID | None:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        row = self._database.fetch_one(_queries()["latest_open"], {"store_id": store_id, "kind": kind.value})
        return None if row is None else row["inquiry_id"]

    def claim(self, now: datetime, abandoned: datetime) -> Inquiry | None:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        try:
            return _inquiry(self._database.fetch_one(_queries()["claim"], {"now": now, "abandoned": abandoned}))
        except UniqueViolation:
            # Another process took another question of this store and kind in the same moment.
            return None

    def seen(self, under_way: Sequence[tuple[Inquiry, Progress]], now: datetime) -> None:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        for inquiry, progress in under_way:
            said = {"now": now, "done": progress.done, "total": progress.total}
            self._database.execute(_queries()["seen"], _named(inquiry) | said)

    def settle(self, inquiry: Inquiry, now: datetime, *, answer: Any = None, refusal: str | None = None) -> bool:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        state = State.ANSWERED if refusal is None else State.FAILED
        said = {"state": state.value, "answer": json.dumps(answer, ensure_ascii=False), "refusal": refusal, "now": now}
        return self._database.execute(_queries()["settle"], _named(inquiry) | said) > 0

    def put_back(self, inquiry: Inquiry) -> None:
        """See :class:`~thaman_dashboard.inquiry_ports.Inquiries`."""
        self._database.execute(_queries()["put_back"], _named(inquiry))

    def clean(self, now: datetime) -> int:
        """Remove questions of another day; gives how many."""
        return self._database.execute(_queries()["clean"], {"until": now - KEPT})


def _inquiry(row: Mapping[str, Any] | None) -> Inquiry | None:
    return None if row is None else shown(Inquiry, row, kind=Kind(row["kind"]), state=State(row["state"]))


def _named(inquiry: Inquiry) -> dict[str, Any]:
    """An inquiry's key, and the number of the try, which guards the row."""
    return {"store_id": inquiry.store_id, "inquiry_id": inquiry.inquiry_id, "tries": inquiry.tries}
