"""Links at the end of chains: what an entry's place, its hash and the hash before it will be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from thaman_audit.verify import TAG, Head, field, instant, number

_NUMBER = number(8)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came, which is what an entry keeps of it."""

    store_id: str
    event_id: str
    service: str
    type: str
    position: int
    occurred_at: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """An arrival at its place in its store's chain."""

    arrival: Arrival
    seq: int
    prev_hash: bytes
    hash: bytes


def linked(arrivals: Iterable[Arrival], heads: dict[str, Head], at: datetime) -> Iterator[Link]:
    """The links of arrivals in their order, recorded ``at``; ``heads`` moves with them.

    The hash is that of :func:`thaman_audit.verify.entry_hash`, without an entry made for each.
    """
    stamp = _NUMBER + instant(at)
    opened = {store_id: sha256(TAG + field(store_id.encode())) for store_id in heads}
    for one in arrivals:
        store_id, data = one.store_id, one.data
        head = heads[store_id]
        seq, event_id = head.seq + 1, one.event_id.encode()
        hashing = opened[store_id].copy()
        hashing.update(
            b"".join(
                (
                    _NUMBER, number(seq), number(len(event_id)), event_id, _name(one.service), _name(one.type),
                    _NUMBER, number(one.position), _NUMBER, instant(one.occurred_at), stamp,
                    number(len(data)), data, field(head.hash),
                )
            )
        )  # fmt: skip
        link = Link(one, seq, head.hash, hashing.digest())
        heads[store_id] = Head(store_id, seq, link.hash)
        yield link


@lru_cache(maxsize=1024)
def _name(value: str) -> bytes:
    return field(value.encode())
