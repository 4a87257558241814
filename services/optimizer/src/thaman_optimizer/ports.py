"""What the application needs from outside, as it would like to have it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from thaman_contracts.events.advice import AssessmentReason
from thaman_contracts.events.optimizer import Disposition, Offer
from thaman_contracts.money import BP_ONE
from thaman_kit.application import UnitOfWork
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_optimizer.domain.brief import Brief
from thaman_optimizer.domain.budget import Allowance, TokenPrices, Usage
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.proposal import Lapse
from thaman_optimizer.domain.whatif import RecordedRun


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a page, so that it need not be sent again while it is the same."""

    etag: str | None
    last_modified: str | None
    reading: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Link:
    """One rival's page for one item; ``currency`` is the item's, ``seen_at`` when it was last read.

    ``confidence_bp`` is how sure it is that the page sells the item: certain where a merchant said so. ``feed`` is the
    address of the feed that gives the price, where one does; else the page does.
    """

    item_key: str
    product_id: str
    variant_id: str | None
    currency: str
    competitor: str
    url: str
    seen_at: datetime | None
    known: Known | None
    confidence_bp: int = BP_ONE
    feed: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a link's page said, and what to remember of the page (``None``: nothing new)."""

    offer: Offer
    page: Known | None


class PageReader(Protocol):
    """Reads rivals' pages. Every link gets an answer; what went wrong is one of the answers."""

    async def read(self, links: Sequence[Link], vat_bp: int) -> list[Read]:
        """Read the pages behind ``links``; prices without VAT are raised by ``vat_bp``."""
        ...


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A store's priced items, and how many entries have no price of their own."""

    items: tuple[ItemFacts, ...]
    skipped: int


class Facts(Protocol):
    """Facts as they are stored now. Blocking."""

    def store(self, store_id: str, now: datetime) -> StoreFacts | None:
        """The store, or ``None`` when it was never connected or is uninstalled."""
        ...

    def items(self, store_id: str, now: datetime, keys: Sequence[str] | None = None) -> Catalogue:
        """The store's items (or those of ``keys``) with rules, edits, changes and offers."""
        ...

    def with_pasts(self, store_id: str, items: Sequence[ItemFacts], now: datetime) -> tuple[ItemFacts, ...]:
        """The same items with their pasts, as the demand model needs them."""
        ...

    def names(self, store_id: str, keys: Sequence[str]) -> dict[str, str]:
        """The names of the items of ``keys``, by item key."""
        ...

    def known_items(self, store_id: str, keys: Sequence[str]) -> set[str]:
        """Which of ``keys`` the store's catalogue has."""
        ...


class Past(Protocol):
    """Recorded runs. Blocking."""

    def runs(self, store_id: str, since: datetime, until: datetime, items: int) -> tuple[Iterator[RecordedRun], int]:
        """The store's completed runs of that time, newest first, as many as have ``items`` items together (one at
        least), and how many older ones are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a crew answered. ``answer`` is a stranger's and may have any shape; ``failure`` says why there is none."""

    usage: Usage
    answer: object = None
    failure: AssessmentReason | None = None


class Advisor(Protocol):
    """A crew that can be asked. Every question gets an answer; what went wrong is one of the answers."""

    model: str
    prompt_version: str
    prices: TokenPrices

    async def advise(self, brief: Brief, allowance: Allowance) -> Told:
        """Ask about a brief; ends within the crew's deadline, and uses no more than ``allowance``."""
        ...


class MarketMemory(Protocol):
    """Links, remembered pages, and what runs have said. Blocking."""

    def links(self, store_id: str) -> list[Link]:
        """The store's links with what is remembered of their pages."""
        ...

    def remember(self, unit: UnitOfWork, store_id: str, read: Sequence[Read], now: datetime) -> None:
        """Keep what was read of pages for the next conditional request."""
        ...

    def said(self, run_id: UUID) -> dict[UUID, Disposition]:
        """What the run said so far, by proposal."""
        ...

    def advice_spent(self, store_id: str, since: datetime) -> tuple[int, int]:
        """Tokens, and millionths of a US dollar, that the store's advice has used since an instant."""
        ...

    def is_handed_on(self, queue: str, run_id: UUID) -> bool:
        """Whether the run was passed on to ``queue`` before."""
        ...

    def forget_waiting(self, unit: UnitOfWork, queue: str, run_id: UUID) -> None:
        """Let the run's job that waits in ``queue`` be done."""
        ...

    def pending(self, store_id: str) -> dict[str, list[Lapse]]:
        """The store's proposals that wait for an answer, by item."""
        ...

    def expired(self, now: datetime, limit: int) -> list[Lapse]:
        """Pending proposals of all stores whose time is over."""
        ...


class Keep(Protocol):
    """Stores events together with the read models' rows that they make, in one unit of work."""

    def __call__(self, unit: UnitOfWork, events: Sequence[DomainEvent], aggregates: Sequence[Aggregate] = ()) -> None:
        """Put ``events`` and then the pending events of ``aggregates`` into the unit, and their rows with them."""
        ...
