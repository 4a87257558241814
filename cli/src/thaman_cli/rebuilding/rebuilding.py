"""Green read models beside the live ones, kept up with what happens, and put in their place."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import Connection

from thaman_cli.errors import CliError
from thaman_cli.rebuilding.feeding import Source, sources_of, upstreams_of
from thaman_cli.world.quiet import NotQuiet
from thaman_contracts.ids import SYSTEM
from thaman_kit.errors import TablesBusy
from thaman_kit.faultpoint import faultpoint
from thaman_kit.migrate import pending
from thaman_kit.scratch import scratch_database
from thaman_kit.swapping import Compared, Swap, Table, locked, moment, yield_first

SMALL = 200
"""Rows that may be left to fold while nobody else writes."""
ROUNDS = 20
LOCK_WITHIN_S = 30.0
_LOCK_PAUSE_S = 0.2
_OPTIONS = "-c timezone=UTC -c idle_in_transaction_session_timeout=0 -c statement_timeout=0"

Row = tuple[object, ...]
Tell = Callable[[int, int], None]
"""Hears how many rows of the history are read, and about how many there are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: rows of the history that were read, the tables, and for how long nobody could write to them."""

    read: int
    tables: tuple[Compared, ...]
    held_s: float


class Green:
    """The sources of one rebuild, and how far they are folded."""

    def __init__(self, sources: Sequence[Source], live: Connection[Row], tell: Tell) -> None:
        self._sources = sources
        self._live = live
        self._tell = tell
        self.read = 0

    def catch_up(self) -> tuple[int, frozenset[str]]:
        """Fold what is new; gives how many rows were read and the stores that they were of."""
        new, stores = 0, frozenset[str]()
        left = sum(source.feed.size(self._live) for source in self._sources)
        for source in self._sources:
            for page in source.feed.pages(source.feed.mark(self._live)):
                if page.items:
                    source.sink(page.items)
                new, stores = new + page.read, stores | page.stores
                self._tell(self.read + new, self.read + max(left, new))
            source.finish()
        self.read += new
        return new, stores


def rebuild(url: str, service: str, tables: Sequence[Table], tell: Tell, *, dry_run: bool) -> Outcome:
    """Make the tables again and swap them in; with ``dry_run`` only say what would change.

    Raises:
        CliError: the layout is not the present one, or a log that is needed is in another database.
        NoScratch: the role may not make databases.
        NotQuiet: another rebuild is under way, or others wrote to the tables all the time.
        UnknownTopic: a log has an event that this release does not know.
    """
    wanted = [table.name for table in tables]
    with ExitStack() as stack:
        live = stack.enter_context(_alone(url, service))
        _require(url, live, service, wanted)
        green_url = stack.enter_context(scratch_database(url, [service]))
        green = Green(sources_of(service, wanted, url, green_url, stack), live, tell)
        for _ in range(ROUNDS):
            if green.catch_up()[0] <= SMALL:
                break
        made = stack.enter_context(psycopg.connect(green_url, autocommit=True, options=_OPTIONS))
        swap = Swap(live, made, service, tables)
        swap.stage()
        if dry_run:
            with moment(live):
                return Outcome(green.read, _compared(green, swap), 0.0)
        with _locked(live, service, tables):
            since = time.monotonic()
            compared = _compared(green, swap)
            swap.remove()
            faultpoint("rebuild.removed")
            swap.insert()
        return Outcome(green.read, compared, time.monotonic() - since)


def _compared(green: Green, swap: Swap) -> tuple[Compared, ...]:
    """Fold what came meanwhile, and hold the tables against each other."""
    new, stores = green.catch_up()
    if new or stores:
        # Settings of the installation may move every store's rows.
        swap.stage(None if SYSTEM in stores else stores)
    return tuple(swap.compare())


@contextmanager
def _alone(url: str, service: str) -> Iterator[Connection[Row]]:
    with psycopg.connect(url, autocommit=True, options=_OPTIONS) as live:
        question = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        if live.execute(question, (f"thaman-rebuild:{service}",)).fetchone() != (True,):
            raise NotQuiet(
                f"Read models of {service} are being made again already",
                "another process is at it, here or elsewhere",
                "Wait until it has ended.",
            )
        yield_first(live)
        yield live


def _require(url: str, live: Connection[Row], service: str, wanted: Sequence[str]) -> None:
    if waiting := pending(url, [service]):
        raise CliError(
            "Nothing is made again: the tables have another layout than this release's",
            f"not applied: {', '.join(waiting)}",
            "Run `thaman migrate`, or the release that the database belongs to.",
        )
    for other in upstreams_of(service, wanted):
        if live.execute("SELECT to_regclass(%s)", (f"{other}.{other}_events",)).fetchone() == (None,):
            raise CliError(
                f"Nothing is made again: the log of {other} is not in this database",
                f"what {service} knows comes from there",
                f"Name a table that needs its own log only, or a database that has that of {other}, too.",
            )


@contextmanager
def _locked(live: Connection[Row], service: str, tables: Sequence[Table]) -> Iterator[None]:
    deadline = time.monotonic() + LOCK_WITHIN_S
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(live, service, tables))
                break
            except TablesBusy as error:
                if time.monotonic() > deadline:
                    raise NotQuiet(
                        "Nothing was changed: the tables could not be had alone",
                        f"{error} for {LOCK_WITHIN_S:.0f} s",
                        "Run it again; if it stays so, look for a transaction that does not end (pg_stat_activity).",
                    ) from error
                time.sleep(_LOCK_PAUSE_S)
        yield
