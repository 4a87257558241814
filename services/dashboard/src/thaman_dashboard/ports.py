"""What the pages need of the world; :mod:`thaman_dashboard.adapters` provides it.

Every question about a store takes the store first, and no row of another store is reachable through it.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_dashboard.views import (
    ActivityView,
    DecisionView,
    HeldView,
    ItemView,
    LinkView,
    OfferPoint,
    OfferView,
    Overview,
    Page,
    PricePoint,
    ProposalState,
    ProposalView,
    Role,
    RunView,
    SessionView,
    StoreView,
    SystemView,
)
from thaman_kit.application import UnitOfWork


class Projection(Protocol):
    """Fills the read models."""

    def take(self, event: EventData, envelope: Envelope, unit: UnitOfWork) -> None:
        """Let the read models follow an event, in the transaction of its unit."""


class ReadModels(Protocol):
    """What events made. Pages are newest first unless said otherwise; ``after`` is the ``next`` of the page before.

    Raises:
        BadCursor: ``after`` is no cursor of that list.
    """

    def system(self) -> SystemView:
        """The installation."""

    def store(self, store_id: str) -> StoreView | None:
        """A store; ``None`` until its authorisation was heard."""

    def overview(self, store_id: str, now: datetime) -> Overview:
        """A store's counts at ``now``."""

    def proposals(
        self,
        store_id: str,
        *,
        state: ProposalState | None = None,
        risk: str | None = None,
        search: str | None = None,
        item: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ProposalView]:
        """Proposals; pending ones that somebody has to answer come by when they expire, soonest first.

        ``search`` is a part of an item's name, SKU or key, ``item`` a whole key.
        """

    def proposal(self, store_id: str, proposal_id: UUID) -> ProposalView | None:
        """One proposal."""

    def items(
        self,
        store_id: str,
        *,
        search: str | None = None,
        status: str | None = None,
        risk: str | None = None,
        locked: bool | None = None,
        cost: bool | None = None,
        waiting: bool | None = None,
        market: str | None = None,
        brand: str | None = None,
        category: str | None = None,
        order: str = "name",
        now: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ItemView]:
        """Items that have a price of their own, by name; those that Salla deleted only where ``status`` asks for them.

        ``search`` as for proposals; ``risk`` is that of the proposal that waits for an answer, ``waiting`` whether
        there is one, ``cost`` whether one is known; ``market`` (``below``, ``at``, ``above``) is where a price stands
        at ``now``; ``brand`` and ``category`` are parts of names. ``order`` is ``name``, ``price``, ``price_desc``,
        ``margin`` or ``margin_desc``, with what has none at the end.
        """

    def item(self, store_id: str, item_key: str) -> ItemView | None:
        """One item, deleted ones too."""

    def prices(self, store_id: str, item_key: str, since: datetime) -> tuple[PricePoint, ...]:
        """The steps of an item's price from ``since`` on, oldest first, with the step that stood then before them."""

    def offers(self, store_id: str, item_key: str) -> tuple[OfferView, ...]:
        """What each rival's page said last, cheapest first, those without a price at the end."""

    def offer_points(self, store_id: str, item_key: str, since: datetime) -> tuple[OfferPoint, ...]:
        """Usable prices of rivals from ``since`` on, by page and oldest first; none are older than 90 days."""

    def held(self, store_id: str, item_key: str) -> HeldView | None:
        """Why the latest run left the price; ``None`` where it did not."""

    def decisions(self, store_id: str, item_key: str, limit: int = 20) -> tuple[DecisionView, ...]:
        """An item's decided prices, newest first."""

    def decision_of(self, store_id: str, proposal_id: UUID) -> DecisionView | None:
        """The decision that a proposal became."""

    def runs(self, store_id: str, after: str | None = None, limit: int = 20) -> Page[RunView]:
        """A store's runs."""

    def run(self, store_id: str, run_id: UUID) -> RunView | None:
        """One run."""

    def activity(
        self,
        store_id: str,
        *,
        kind: str | None = None,
        item: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[ActivityView]:
        """The timeline; ``kind`` is an event's name."""


class OwnState(Protocol):
    """What the dashboard itself knows; no event tells it, and a rebuild keeps it. Hashes are SHA-256 of the secrets."""

    def add_link(
        self, link_hash: bytes, store_id: str, role: Role, expires_at: datetime, person_id: UUID | None = None
    ) -> None:
        """Keep a login link until somebody uses it; one that is known already stays as it is."""

    def link(self, link_hash: bytes, now: datetime) -> LinkView | None:
        """A link that would still open a session; looking does not spend it."""

    def use_link(self, link_hash: bytes, session: SessionView) -> SessionView:
        """Spend a link at ``session.created_at`` and open a session, both or neither.

        Returns:
            the session as it is stored: its store is the link's. It is of the link's person, or of the one whom links
            of that store and role mean, who is made where there is none.

        Raises:
            SpentLink: it was used already, has expired, or never was.
        """

    def session(
        self, session_hash: bytes, now: datetime, idle: timedelta, *, is_use: bool = True
    ) -> SessionView | None:
        """A session that has not ended and was seen within ``idle``; it counts as seen at ``now``, if this is a use."""

    def sessions(self, store_id: str, now: datetime) -> tuple[SessionView, ...]:
        """A store's sessions that have not ended, last seen first."""

    def end_session(self, store_id: str, session_hash: bytes) -> bool:
        """End one session of a store; whether there was one."""

    def clean(self, now: datetime) -> int:
        """Remove links that have expired and sessions that have ended; gives how many."""
