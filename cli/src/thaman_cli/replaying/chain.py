"""What the ledger has of one store up to an instant, in the order in which read models take it in."""

import time
from collections import deque
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime

from thaman_audit.adapters.hearing import Heard
from thaman_audit.adapters.moment import Moment
from thaman_audit.application import envelope_of
from thaman_audit.verify import Entry
from thaman_cli.errors import BadUsage
from thaman_cli.instants import in_riyadh
from thaman_cli.replaying.shares import Message
from thaman_cli.world.facts import published_topics
from thaman_cli.world.quiet import NotQuiet
from thaman_cli.world.reading import connect, select
from thaman_contracts.events.onboarding import SystemSettingsChanged
from thaman_contracts.ids import SYSTEM
from thaman_contracts.subjects import SERVICES, partition_of, upstream_of

CATCH_UP_S = 10.0
_POLL_S = 0.2


@dataclass
class Chain:
    """A store's entries up to ``at``, read once; what was read is told afterwards.

    ``last`` is the place of the last entry read, ``hash`` its hash (hexadecimal).
    """

    ledger: Moment
    store_id: str
    at: datetime
    entries: int = 0
    last: int | None = None
    hash: str | None = None

    def require(self) -> None:
        """That there is something of the store at the instant.

        Raises:
            BadUsage: there is not.
        """
        first = next(self.ledger.entries(self.store_id, 0, 1), None)
        if first is None or self.store_id == SYSTEM:
            raise BadUsage(
                f"The ledger has no entry of store {self.store_id}",
                "the id was mistyped, or nothing happened there yet",
                "Check the id.",
            )
        if next(self.ledger.happened(self.store_id, self.at), None) is None:
            raise BadUsage(
                f"Nothing is on record of store {self.store_id} at {in_riyadh(self.at)}",
                f"its first event occurred at {in_riyadh(first.occurred_at)}",
                "Give a later --at.",
            )

    @property
    def length(self) -> int:
        """How many entries the store's chain has by now, those after the instant among them."""
        head = self.ledger.head(self.store_id)
        return head.seq if head else 0

    def messages(self) -> Iterator[Message]:
        """The store's events as they were published; between them the installation's settings, which hold for all.

        Each setting goes before the store's first entry that occurred later.
        """
        settings = deque(self._settings())
        for entry in self.ledger.happened(self.store_id, self.at):
            while settings and settings[0].occurred_at <= entry.occurred_at:
                yield _message(settings.popleft())
            self.entries, self.last, self.hash = self.entries + 1, entry.seq, entry.hash.hex()
            yield _message(entry)
        yield from map(_message, settings)

    def heard(self, without: Collection[str]) -> Generator[Heard]:
        """The same but for events of some types, faster; the chain has to be whole."""
        self.entries, end = self.ledger.reach(self.store_id, self.at)
        if end is not None:
            self.last, self.hash = end.seq, end.hash.hex()
        settings = deque(map(Heard.of, self._settings()))
        for one in self.ledger.heard(self.store_id, self.at, without):
            while settings and settings[0].micros <= one.micros:
                yield settings.popleft()
            yield one
        yield from settings

    def _settings(self) -> Iterator[Entry]:
        kind = SystemSettingsChanged.event_type()
        return (entry for entry in self.ledger.happened(SYSTEM, self.at) if entry.type == kind)


def _message(entry: Entry) -> Message:
    return envelope_of(entry), entry.data


def wait_for_ledger(admin_db_url: str, store_id: str, at: datetime) -> None:
    """Wait (blocking) until the ledger has everything that services recorded of the store up to ``at``.

    Raises:
        NotQuiet: it had not within :data:`CATCH_UP_S`; the message says what is missing.
    """
    deadline = time.monotonic() + CATCH_UP_S
    while missing := _missing(admin_db_url, store_id, at):
        if time.monotonic() > deadline:
            raise NotQuiet(
                f"The ledger is behind for store {store_id}",
                f"it has not taken in {', '.join(missing)}",
                "Run it again in a moment; if it stays so, look at `thaman status` and `thaman dead-letters list`.",
            )
        time.sleep(_POLL_S)


def _missing(admin_db_url: str, store_id: str, at: datetime) -> list[str]:
    """Which services' events the ledger lacks; a service whose log is in another database cannot be asked."""
    found = []
    with connect(admin_db_url) as connection:
        tracked = {row["upstream"]: row["position"] for row in select(connection, "tracked", "audit")}
        here = {row["schema"] for row in select(connection, "logs_here", logs=[f"{one}_events" for one in SERVICES])}
        for service in sorted(here & set(SERVICES)):
            read = tracked.get(upstream_of(service, partition_of(store_id)), 0)
            asked = {"store_id": store_id, "at": at, "after": read, "topics": published_topics()}
            count = select(connection, "unread", service, **asked)[0]["events"]
            found += [f"{count} event(s) of {service}"] if count else []
        parked = select(connection, "set_aside", store_id=store_id, at=at)[0]["events"]
        found += [f"{parked} event(s) that lie among its dead letters"] if parked else []
    return found
