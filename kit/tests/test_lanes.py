"""Stretches of lanes: whatever the events, nothing overtakes what speaks of the same thing."""

from hypothesis import given
from hypothesis import strategies as some

from thaman_kit.lanes import Lane, stretches

Event = tuple[int, frozenset[str], bool, int]
"""Lane (3 for none), keys, whether once, and its place."""

_KEYS = some.frozensets(some.sampled_from("abc"), max_size=2)
_EVENTS = some.lists(some.tuples(some.integers(0, 3), _KEYS, some.booleans()), max_size=40)


def lane_of(event: Event) -> Lane | None:
    return None if event[0] == 3 else Lane(event[0], event[1], event[2])


@given(_EVENTS)
def test_events_of_one_thing_keep_their_order(drawn: list[tuple[int, frozenset[str], bool]]) -> None:
    events: list[Event] = [(*one, place) for place, one in enumerate(drawn)]
    written: list[Event] = []
    for lists, after in stretches(events, lane_of, 3):
        assert len(lists) == 3
        for number, found in enumerate(lists):
            assert {event[0] for event in found} <= {number}
            assert [event[3] for event in found] == sorted(event[3] for event in found)
            for place, (_, keys, once, _) in enumerate(found):
                assert not once or all(keys.isdisjoint(before[1]) for before in found[:place])
            written += found
        written += [after] if after else []
    assert sorted(event[3] for event in written) == list(range(len(events)))
    for place, (lane, keys, _, at) in enumerate(written):
        for later, others, _, when in written[place + 1 :]:
            assert when > at or not (3 in (lane, later) or keys & others)


def test_different_things_are_put_together() -> None:
    events: list[Event] = [(0, frozenset("a"), False, 0), (1, frozenset("a"), True, 1), (0, frozenset("b"), False, 2)]
    assert list(stretches(events, lane_of, 2)) == [([[events[0], events[2]], [events[1]]], None)]
