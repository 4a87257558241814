"""The lowest price an item had on the shelf in some time, from what was read back or shown, never from intentions.

Each statement stands until the next one. A hand edit tells a base price alone: unless the catalogue told the same
price already, what was on the shelf is unknown until somebody looks again. Unknown is not zero and not lower than
anything; it is told. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from thaman_audit.verify import Entry


class Said(StrEnum):
    """What a statement is about an item."""

    SEEN = "seen"
    WRITTEN = "written"
    EDITED = "edited"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Statement:
    """What an entry says of an item's price. Prices are halalas; ``None`` where it says none."""

    at: datetime
    said: Said
    base_price: int | None = None
    shelf_price: int | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which one price was on the shelf, up to before ``until`` (``None``: it stood at the end).

    ``price`` is ``None`` where the item was gone, and where the price is not known: then ``is_known`` is false.
    """

    since: datetime
    until: datetime | None
    price: int | None
    is_known: bool
    by: Statement | None


@dataclass(frozen=True, slots=True)
class Lowest:
    """The span of the lowest price, the latest of several; ``None`` where none is known. And what is not known."""

    span: Span | None
    unknown: tuple[Span, ...]


def lowest(statements: Iterable[Statement], start: datetime, end: datetime) -> Lowest:
    """The lowest price on the shelf from ``start`` up to before ``end``, of statements in the chain's order."""
    spans = [span for span in _spans(statements, start, end) if span.until is None or span.until > start]
    known = [span for span in spans if span.price is not None]
    best = min(known, key=lambda span: (span.price, -span.since.timestamp()), default=None)
    unknown = [_within(span, start, end) for span in spans if not span.is_known]
    return Lowest(best, tuple(_joined(unknown)))


def _spans(statements: Iterable[Statement], start: datetime, end: datetime) -> Iterator[Span]:
    """What stood when, one span after another; before the first statement nothing is known."""
    since, price, is_known, by = datetime.min.replace(tzinfo=start.tzinfo), None, False, None
    base, latest = None, since
    for one in statements:
        if one.at >= end:
            continue
        # The chain's order counts: a look that began before a write and was recorded after it speaks of after it.
        latest = at = max(one.at, latest)
        confirms = one.said is Said.EDITED and one.base_price == base and is_known
        base = one.base_price
        if confirms or (is_known and one.shelf_price == price is not None):
            continue
        if at > since:
            yield Span(since, at, price, is_known, by)
        since, price, by = at, one.shelf_price, one
        is_known = one.said is not Said.EDITED
    yield Span(since, None, price, is_known, by)


def _within(span: Span, start: datetime, end: datetime) -> Span:
    until = end if span.until is None else min(span.until, end)
    return Span(max(span.since, start), until, None, False, span.by)


def _joined(unknown: Sequence[Span]) -> Iterator[Span]:
    """Spans that touch, as one."""
    last: Span | None = None
    for span in unknown:
        if last is not None and last.until == span.since:
            last = Span(last.since, span.until, None, False, last.by)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
