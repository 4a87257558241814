"""What the pages of products ask: of our own tables, and of the services that own rules, links, matches and undo.

Questions to owners may raise :class:`~thaman_dashboard.owner_ports.OwnerRefused`,
:class:`~thaman_dashboard.owner_ports.OwnerAway` or :class:`~thaman_dashboard.owner_ports.OwnerUnsure`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thaman_contracts.events.optimizer import CompetitorLink
from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.audit_ports import UndoPlan
from thaman_dashboard.product_views import HoldMark, MatchView
from thaman_dashboard.product_why import Why
from thaman_dashboard.views import Page


class ProductRows(Protocol):
    """Our own tables."""

    def holds(self, store_id: str, item_key: str, since: datetime) -> tuple[HoldMark, ...]:
        """When runs began to hold the item's price, oldest first."""

    def links(self, store_id: str, item_key: str) -> tuple[CompetitorLink, ...]:
        """Rivals' pages for the item, as the merchant gave them."""

    def applied_event(self, store_id: str, decision_id: UUID) -> str | None:
        """The event of a decision's write; ``None`` where there is none yet."""


class ProductOwners(Protocol):
    """The APIs of onboarding, the optimizer and the audit, as far as products go."""

    def why(self, store_id: str, item_key: str, at: datetime | None) -> Why:
        """Why the price was what it was at an instant, or is now."""

    def preview_undo(self, store_id: str, item_key: str, decision_id: UUID) -> UndoPlan:
        """What undoing one decision would do now; nothing is changed."""

    def undo(self, store_id: str, item_key: str, decision_id: UUID, shown_digest: str, key: str) -> int:
        """Carry out what was shown; the same ``key`` is the same undo. Gives how many prices are put back."""

    def links(self, store_id: str, item_key: str) -> tuple[CompetitorLink, ...]:
        """The item's links as they are in force."""

    def set_links(self, store_id: str, item_key: str, links: Sequence[CompetitorLink]) -> None:
        """Replace the item's links."""

    def matches(
        self,
        store_id: str,
        *,
        states: Sequence[str] = (),
        kinds: Sequence[str] = (),
        item_key: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[MatchView]:
        """Listings that may be the store's products, newest first."""

    def answer_matches(self, store_id: str, ids: Sequence[UUID], *, confirmed: bool) -> int:
        """Say that listings are the products, or that they are not; all of them or none. Gives how many."""

    def rules(self, store_id: str) -> Mapping[str, ItemRule]:
        """All rules of the store by item key."""

    def set_rules(self, store_id: str, rules: Sequence[ItemRule]) -> None:
        """Replace the rules of some items, 1,000 at most."""
