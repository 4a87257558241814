"""Where imported chains go: one connection, one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import psycopg
from eventsourcing.persistence import JSONTranscoder
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow, dict_row

from thaman_audit.adapters.checkpoints import event_of
from thaman_audit.adapters.checkpoints import queries as checkpoint_queries
from thaman_audit.adapters.histories import columns_of, keep_columns
from thaman_audit.adapters.histories import queries as history_queries
from thaman_audit.adapters.ledger import put_rows
from thaman_audit.adapters.moment import Moment
from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.domain.histories import History, Reader
from thaman_audit.domain.rows import Rows
from thaman_audit.errors import OccupiedEvent, UnreadableExport
from thaman_audit.verify import Entry, Head
from thaman_kit.database import load_queries
from thaman_kit.mapper import PydanticMapper

_queries = partial(load_queries, "thaman_audit", "adapters/importing.sql")
_OPTIONS = "-c search_path=audit -c timezone=UTC -c idle_in_transaction_session_timeout=0 -c statement_timeout=0"
_COLUMNS = (
    "store_id", "seq", "event_id", "service", "type", "position", "occurred_at", "recorded_at", "data", "prev_hash",
    "hash",
)  # fmt: skip
_COPY = f"COPY ledger ({', '.join(_COLUMNS)}) FROM STDIN"


class ImportTables:
    """The ledger's tables, in a transaction that ends with the block; an error takes everything back."""

    def __init__(self, connection: psycopg.Connection[DictRow]) -> None:
        self._connection = connection
        self._moment = Moment(connection)

    @classmethod
    @contextmanager
    def of(cls, url: str) -> Iterator[Self]:
        """Open the transaction; ``url`` is a role that writes the audit's schema."""
        with psycopg.connect(url, row_factory=dict_row, options=_OPTIONS) as connection:
            yield cls(connection)

    def claim(self, store_id: str) -> Head | None:
        """Keep everybody else from the end of a chain; its end, or ``None`` where there is none yet."""
        self._run("begin", store_id=store_id)
        row = self._run("claim", store_id=store_id).fetchone()
        assert row is not None, "the head was made before"
        return Head(**row) if row["seq"] else None

    def entry_head(self, store_id: str, seq: int) -> Head | None:
        """An entry's hash as it is stored."""
        return self._moment.entry_head(store_id, seq)

    def put(self, entries: list[Entry], rows: Rows) -> None:
        """Add entries, and what follows from them for the read models.

        Raises:
            OccupiedEvent: an event is in the ledger already, in another chain.
            UnreadableExport: something in an entry is nothing that a database can hold, such as text with a zero in it.
        """
        with self._connection.cursor() as cursor:
            try:
                with cursor.copy(_COPY) as copy:
                    for entry in entries:
                        copy.write_row([getattr(entry, name) for name in _COLUMNS])
                put_rows(cursor, rows)
            except UniqueViolation as error:
                raise OccupiedEvent(error.diag.message_detail or str(error)) from error
            except psycopg.DataError as error:
                raise UnreadableExport(f"an entry cannot be stored: {error}") from error

    def end(self, head: Head) -> None:
        """Say where a chain ends now."""
        self._run("end", store_id=head.store_id, seq=head.seq, hash=head.hash)

    def store_ids(self) -> list[str]:
        """Every store that has entries, a head or a sealed head."""
        return self._moment.store_ids()

    def sealed_here(self) -> list[Checkpoint]:
        """The checkpoints that are here, oldest first. Nobody seals another one until the end."""
        self._run("lock")
        return list(self._moment.checkpoints())

    def grown(self, store_id: str, size: int) -> tuple[Reader, list[tuple[str, int, bytes]]]:
        """The history of a chain of so many entries, and its nodes."""
        return self._moment.histories.grown(store_id, size)

    def keep(self, nodes: Sequence[tuple[str, int, bytes]]) -> None:
        """Keep nodes of histories."""
        self._connection.execute(history_queries()["keep"].encode(), keep_columns(nodes))

    def seal(self, checkpoint: Checkpoint, heads: Sequence[Head], histories: Sequence[History]) -> None:
        """Store a checkpoint with the heads and histories that it noted."""
        number = checkpoint.statement.number
        stored = PydanticMapper(transcoder=JSONTranscoder()).to_stored_event(event_of(checkpoint))
        self._run(
            "checkpoint",
            originator_id=stored.originator_id,
            originator_version=stored.originator_version,
            topic=stored.topic,
            state=stored.state,
        )
        held = {
            "number": number,
            "store_ids": [head.store_id for head in heads],
            "seqs": [head.seq for head in heads],
            "hashes": [head.hash for head in heads],
        }
        self._connection.execute(checkpoint_queries()["hold"].encode(), held)
        self._connection.execute(history_queries()["note"].encode(), columns_of(number, histories))

    def provable(self) -> Moment:
        """All of it, as a proof reads it."""
        return self._moment

    def _run(self, query: str, **params: Any) -> psycopg.Cursor[DictRow]:
        return self._connection.execute(_queries()[query].encode(), params)
