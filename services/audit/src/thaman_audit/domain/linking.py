"""Links at the end of chains: what an entry's place, its hash and the hash before it will be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
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
        head = heads[one.store_id]
        seq = head.seq + 1
        hashing = opened[one.store_id].copy()
        hashing.update(
            b"".join(
                (
                    _NUMBER, number(seq), field(one.event_id.encode()), field(one.service.encode()),
                    field(one.type.encode()), _NUMBER, number(one.position), _NUMBER, instant(one.occurred_at), stamp,
                    number(len(one.data)), one.data, field(head.hash),
                )
            )
        )  # fmt: skip
        link = Link(one, seq, head.hash, hashing.digest())
        heads[one.store_id] = Head(one.store_id, seq, link.hash)
        yield link
