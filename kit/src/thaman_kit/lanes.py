"""Events of a long history put together by what they write, so that a statement takes many, in an order that holds.

Live, events come a few at a time. Folded from the first on, they come by the million, and most of the time would go
into statements of one row. Events of different lanes change places only where they speak of different things.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Lane(NamedTuple):
    """Where an event goes. Of a stretch the lower lanes are written first, each in the order of its events.

    ``keys`` are the things that it speaks of and others might, too; ``once`` says that a stretch may have one event in
    this lane about each of them.
    """

    number: int
    keys: frozenset[str] = frozenset()
    once: bool = False


def stretches(
    events: Iterable[T], lane_of: Callable[[T], Lane | None], lanes: int
) -> Iterator[tuple[list[list[T]], T | None]]:
    """The events as stretches of ``lanes`` lists each, and the event after it that nothing may change places with.

    Writing list after list, then that event, gives what writing event after event gives: no event goes behind one that
    speaks of the same thing and came later.
    """
    lists: list[list[T]] = [[] for _ in range(lanes)]
    keys: list[set[str]] = [set() for _ in range(lanes)]
    for event in events:
        lane = lane_of(event)
        if lane is None:
            yield lists, event
            lists, keys = [[] for _ in range(lanes)], [set() for _ in range(lanes)]
            continue
        first = lane.number if lane.once else lane.number + 1
        if any(not known.isdisjoint(lane.keys) for known in keys[first:]):
            yield lists, None
            lists, keys = [[] for _ in range(lanes)], [set() for _ in range(lanes)]
        lists[lane.number].append(event)
        keys[lane.number] |= lane.keys
    yield lists, None
