"""A store's drift: the ledger's prices, our live ones and Salla's, read so that what happens meanwhile is told apart.

The chain's end is noted first, then Salla is read, then our live rows, then the chain is replayed, then the live rows
are read again. So what is beyond the noted end happened while we looked, and a live row that stood still around the
replay has to be what the replay makes of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from thaman_audit.adapters.moment import Moment
from thaman_cli.databases import archive_dir
from thaman_cli.drifting.labels import Compared, Difference, label
from thaman_cli.drifting.shown import Shown
from thaman_cli.drifting.story import Stories
from thaman_cli.replaying.chain import Chain, wait_for_ledger
from thaman_cli.replaying.rebuilding import rebuilt
from thaman_cli.replaying.shares import Message
from thaman_cli.replaying.tables import rows_of
from thaman_cli.world.facts import stored_classes
from thaman_cli.world.reading import connect
from thaman_kit.restoring import Restorer
from thaman_onboarding.application.published import SUPPLY

CLOCKS = timedelta(minutes=1)
"""How far services' clocks may be ahead of ours: all that is on record counts, also what says that it is to come."""

Rows = Mapping[str, dict[str, Any]]
Look = Callable[[Iterable[str]], Shown]
"""Reads Salla, and makes sure of the items that are expected there."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What was compared, and how it differs. ``last`` is the last entry replayed, ``hash`` its hash (hexadecimal)."""

    store_id: str
    at: datetime
    items: int
    unreadable: tuple[str, ...]
    last: int | None
    hash: str | None
    differences: tuple[Difference, ...]


def drift_of(url: str, look: Look, store_id: str) -> Drift:
    """Compare a store; ``url`` is a role that sees every schema and may create databases. Blocking.

    Raises:
        BadUsage: the ledger has nothing of the store.
        NotQuiet: the ledger is behind.
        NoScratch, Undeliverable: the store cannot be made again.
    """
    wait_for_ledger(url, store_id, datetime.now(UTC) + CLOCKS)
    with Moment.of(url, archive_dir()) as ledger:
        Chain(ledger, store_id, datetime.now(UTC) + CLOCKS).require()
        end = ledger.head(store_id)
    head = 0 if end is None else end.seq
    at = datetime.now(UTC)
    shown = look(_priced(_live(url, store_id)))
    before = _live(url, store_id)
    wait_for_ledger(url, store_id, datetime.now(UTC) + CLOCKS)
    stories = Stories()
    with Moment.of(url, archive_dir()) as ledger:
        chain = Chain(ledger, store_id, datetime.now(UTC) + CLOCKS)
        with rebuilt(url, _heard(chain, stories)) as connection:
            replayed = _by_key(rows_of(connection, "onboarding", "items", store_id))
    compared = compare(shown, replayed, still(before, _live(url, store_id)), stories, head)
    found = tuple(difference for one in compared if (difference := label(one)) is not None)
    return Drift(store_id, at, len(compared), tuple(sorted(shown.unreadable)), chain.last, chain.hash, found)


def compare(shown: Shown, replayed: Rows, live: Rows, stories: Stories, head: int) -> list[Compared]:
    """Every item that Salla, the ledger or our read model has, by key; ``live`` are the rows that stood still."""
    priced = _priced(replayed)
    keys = sorted(priced.keys() | shown.prices.keys() | live.keys())
    return [
        Compared(
            key=key,
            salla=shown.prices.get(key) if shown.is_known(key) else priced.get(key),
            replayed=priced.get(key),
            model=_unlike(replayed.get(key), live[key]) if key in live else (),
            story=stories.of(key),
            head=head,
        )
        for key in keys
    ]


def still(before: Rows, after: Rows) -> dict[str, dict[str, Any]]:
    """The rows that are the same in both readings."""
    return {key: row for key, row in before.items() if after.get(key) == row}


def _unlike(replayed: Mapping[str, Any] | None, live: Mapping[str, Any]) -> tuple[str, ...]:
    if replayed is None:
        return ("row",)
    return tuple(sorted(name for name in live.keys() | replayed.keys() if live.get(name) != replayed.get(name)))


def _priced(rows: Rows) -> dict[str, int]:
    """The base prices of items that are there and priced by themselves."""
    return {
        key: row["base_price"] for key, row in rows.items() if not row["removed"] and not row["content"]["has_variants"]
    }


def _heard(chain: Chain, stories: Stories) -> Iterator[Message]:
    """The chain's messages; the stories hear of onboarding's, the only ones that tell of prices at Salla."""
    restorer = Restorer(stored_classes(), SUPPLY)
    for envelope, body in chain.messages():
        if envelope.service == "onboarding":
            stories.take(chain.last or 0, envelope, restorer.restore(envelope, body))
        yield envelope, body


def _live(url: str, store_id: str) -> dict[str, dict[str, Any]]:
    with connect(url) as connection:
        return _by_key(rows_of(connection, "onboarding", "items", store_id))


def _by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in rows}
