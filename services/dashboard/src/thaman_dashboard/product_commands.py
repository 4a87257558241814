"""What a merchant does with single products: allowed by the role, told to the owner, then waited for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from thaman_contracts.events.optimizer import CompetitorLink
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import split_item_key
from thaman_dashboard.owner_ports import Owners
from thaman_dashboard.patience import until
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.ports import ReadModels
from thaman_dashboard.product_ports import ProductOwners, ProductRows
from thaman_dashboard.views import ItemView, SessionView

MOST_LINKS = 20
"""Links of one item that the optimizer takes."""


@dataclass(frozen=True, slots=True)
class ProductCommands:
    """What a session can do with a product. Every method takes the session first, and acts on its store and no other.

    ``patience`` is how many seconds a command waits for the read models.

    Raises (each method):
        NotAllowed: the role does not permit it; nothing was done.
        OwnerError: the owner refused, is away, or nobody knows.
    """

    owners: Owners
    products: ProductOwners
    rows: ProductRows
    read_models: ReadModels
    patience: float

    def set_rule(self, session: SessionView, item_key: str, changes: Mapping[str, Any]) -> bool:
        """Change fields of an item's rule, keeping the others; whether the pages show it already."""
        require(session.role, Deed.LIMITS)
        rule = (self.owners.rule(session.store_id, item_key) or no_rule(item_key)).model_copy(update=dict(changes))
        self.owners.set_rule(session.store_id, rule)
        return self._until(lambda: _shows(self.read_models.item(session.store_id, item_key), rule))

    def add_link(self, session: SessionView, item_key: str, link: CompetitorLink) -> bool:
        """Watch one more page of a rival; whether there was room for it."""
        require(session.role, Deed.LINKS)
        links = [one for one in self.products.links(session.store_id, item_key) if one.url != link.url]
        if len(links) >= MOST_LINKS:
            return False
        self._set_links(session, item_key, [*links, link])
        return True

    def remove_link(self, session: SessionView, item_key: str, url: str) -> None:
        """Watch a page no longer; one that is not watched is no error."""
        require(session.role, Deed.LINKS)
        links = self.products.links(session.store_id, item_key)
        left = [one for one in links if one.url != url]
        if len(left) < len(links):
            self._set_links(session, item_key, left)

    def answer_matches(self, session: SessionView, ids: Sequence[UUID], *, confirmed: bool) -> int:
        """Say that listings are the store's products, or that they are not; how many were answered."""
        require(session.role, Deed.MATCHES)
        return self.products.answer_matches(session.store_id, ids, confirmed=confirmed)

    def undo(self, session: SessionView, item_key: str, decision_id: UUID, shown_digest: str, key: str) -> int:
        """Put one price back as it was shown; ``key`` is one form's. How many prices are put back."""
        require(session.role, Deed.UNDO)
        return self.products.undo(session.store_id, item_key, decision_id, shown_digest, key)

    def _set_links(self, session: SessionView, item_key: str, links: Sequence[CompetitorLink]) -> None:
        self.products.set_links(session.store_id, item_key, links)
        self._until(lambda: self.rows.links(session.store_id, item_key) == tuple(links))

    def _until(self, condition: Callable[[], bool]) -> bool:
        return until(condition, self.patience)


def no_rule(item_key: str) -> ItemRule:
    """A rule that says nothing yet."""
    product_id, variant_id = split_item_key(item_key)
    return ItemRule(product_id=product_id, variant_id=variant_id)


def _shows(item: ItemView | None, rule: ItemRule) -> bool:
    if item is None:
        return False
    shown = (item.min_price, item.max_price, item.locked, item.own_cost, item.own_mode)
    return shown == (rule.min_price, rule.max_price, rule.locked, rule.cost, rule.mode)
