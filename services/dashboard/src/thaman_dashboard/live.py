"""Who has a page open, and what is news to them: names of parts, never the news itself.

Only the event loop touches a hub. A reader who is slow loses nothing and holds nobody up: what is news to them is a
set of names, so it cannot grow.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from thaman_contracts.ids import SYSTEM

PARTS = frozenset(("overview", "approvals", "runs", "activity"))
"""What a page can be told to look at again."""

CHANNEL = "dashboard_live"
HEARTBEAT_S = 15.0
MOST_OF_A_SESSION = 8
MOST_ALTOGETHER = 400
"""A process serves a thousand connections at most, and pages need theirs."""


@dataclass(eq=False)
class Reader:
    """One open page."""

    store_id: str
    session: bytes
    _news: set[str] = field(default_factory=set)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    def tell(self, parts: frozenset[str]) -> None:
        """These parts are news."""
        self._news |= parts
        self._bell.set()

    def end(self) -> None:
        """Nothing more comes."""
        self.is_over = True
        self._bell.set()

    async def news(self, within: float) -> frozenset[str]:
        """The parts that are news, at once or when there are some; none where nothing came for ``within`` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), within)
        news, self._news = frozenset(self._news), set()
        self._bell.clear()
        return news


class LiveHub:
    """All open pages of a process."""

    def __init__(self) -> None:
        self._readers: dict[str, set[Reader]] = {}
        self._of_session: Counter[bytes] = Counter()
        self._is_closed = False

    def has_room(self, session: bytes) -> bool:
        """Whether one more page of a session may be told of news."""
        return self._of_session[session] < MOST_OF_A_SESSION and self._of_session.total() < MOST_ALTOGETHER

    @contextmanager
    def reader(self, store_id: str, session: bytes) -> Iterator[Reader]:
        """One more page, until the end of the block.

        Once the hub is closed, it is over at once.
        """
        reader = Reader(store_id, session)
        self._readers.setdefault(store_id, set()).add(reader)
        self._of_session[session] += 1
        if self._is_closed:
            reader.end()
        try:
            yield reader
        finally:
            self._leave(reader)

    def tell(self, store_id: str, parts: frozenset[str]) -> None:
        """Something of a store is news; what is so of the installation is to all stores."""
        stores = self._readers if store_id == SYSTEM else (store_id,)
        for reader in [reader for one in stores for reader in self._readers.get(one, ())]:
            reader.tell(parts)

    def tell_all(self) -> None:
        """Everything may be news: for a while nobody listened."""
        self.tell(SYSTEM, PARTS)

    def close(self) -> None:
        """End all lines; nobody comes in any more."""
        self._is_closed = True
        for readers in self._readers.values():
            for reader in readers:
                reader.end()

    def _leave(self, reader: Reader) -> None:
        readers = self._readers[reader.store_id]
        readers.discard(reader)
        if not readers:
            del self._readers[reader.store_id]
        self._of_session -= Counter((reader.session,))


def announcement(store_id: str, parts: Collection[str]) -> str:
    """What is announced on :data:`CHANNEL`."""
    return f"{store_id} {','.join(sorted(parts))}"


def announced(payload: str) -> tuple[str, frozenset[str]]:
    """The store and the parts of an announcement; parts that this release does not know are left out."""
    store_id, _, parts = payload.partition(" ")
    return store_id, frozenset(parts.split(",")) & PARTS


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What the line of news is given; ``heartbeat`` is in seconds."""

    hub: LiveHub
    heartbeat: float = HEARTBEAT_S
