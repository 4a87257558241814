"""Which stops a store has seen, and that nothing was written in spite of them."""

from collections.abc import Iterator, Sequence

from thaman_audit.domain.stops import KINDS, SYSTEM_KINDS, Stop, Told, stops_of
from thaman_audit.errors import UnknownStore
from thaman_audit.paging import LAST
from thaman_audit.ports import Tables
from thaman_contracts.events import EventData
from thaman_contracts.ids import SYSTEM

PAGE = 1_000


def stops(tables: Tables, store_id: str) -> list[Stop]:
    """All stops of a store, one of its items or the installation, latest first.

    Raises:
        UnknownStore: the ledger has no entry of this store.
    """
    if tables.head(store_id) is None:
        raise UnknownStore(store_id)
    return stops_of([*_told(tables, store_id, KINDS), *_told(tables, SYSTEM, SYSTEM_KINDS)])


def _told(tables: Tables, store_id: str, kinds: Sequence[type[EventData]]) -> Iterator[Told]:
    for kind in kinds:
        before = LAST
        while True:
            rows = tables.select("entries_before", store_id=store_id, type=kind.event_type(), before=before, limit=PAGE)
            for row in rows:
                yield row["position"], kind.model_validate_json(row["data"])
            if len(rows) < PAGE:
                break
            before = rows[-1]["seq"]
