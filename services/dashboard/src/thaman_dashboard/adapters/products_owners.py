"""The owners' APIs, as the pages of products use them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from thaman_contracts.events.optimizer import CompetitorLink
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import item_key as key_of
from thaman_contracts.ids import split_item_key
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.audit_ports import UndoItem, UndoPlan
from thaman_dashboard.product_views import MatchView
from thaman_dashboard.product_why import Why
from thaman_dashboard.views import Page

WHY_TIMEOUT = 5.0
"""A page is waiting for it."""

RULES_PAGE = 100
_TEXTS = (
    "name", "competitor", "url", "title", "brand", "gtin", "model", "kind", "confidence_bp", "automatic", "why_ar",
    "why_en", "state", "answered_by",
)  # fmt: skip


class HttpProductOwners:
    """Implements :class:`thaman_dashboard.product_ports.ProductOwners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks them."""
        self._http = http

    def why(self, store_id: str, item_key: str, at: datetime | None) -> Why:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        params = {} if at is None else {"at": at.isoformat()}
        path = f"/stores/{store_id}/items/{quote(item_key)}/why"
        return Why.model_validate_json(self._http.ask("audit", "GET", path, params=params, timeout=WHY_TIMEOUT).content)

    def preview_undo(self, store_id: str, item_key: str, decision_id: UUID) -> UndoPlan:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        body = _undo(item_key, decision_id)
        said = self._http.ask("optimizer", "POST", f"/stores/{store_id}/undo/preview", json=body).json()
        return UndoPlan(said["digest"], tuple(_planned(one) for one in said["items"]))

    def undo(self, store_id: str, item_key: str, decision_id: UUID, shown_digest: str, key: str) -> int:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        body, headers = _undo(item_key, decision_id) | {"shown_digest": shown_digest}, {"Idempotency-Key": key}
        said = self._http.ask("optimizer", "POST", f"/stores/{store_id}/undo", json=body, headers=headers).json()
        return len(said["decisions"])

    def links(self, store_id: str, item_key: str) -> tuple[CompetitorLink, ...]:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        path = f"/stores/{store_id}/competitor-links"
        said = self._http.ask("optimizer", "GET", path, params={"item": item_key}).json()
        return tuple(CompetitorLink.model_validate(link) for item in said["items"] for link in item["links"])

    def set_links(self, store_id: str, item_key: str, links: Sequence[CompetitorLink]) -> None:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        product_id, variant_id = split_item_key(item_key)
        listed = [link.model_dump(mode="json") for link in links]
        body = {"items": [{"product_id": product_id, "variant_id": variant_id, "links": listed}]}
        self._http.ask("optimizer", "PUT", f"/stores/{store_id}/competitor-links", params={"item": item_key}, json=body)

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
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        params: dict[str, Any] = {"limit": limit, "state": list(states), "kind": list(kinds)}
        params |= {name: value for name, value in (("item", item_key), ("cursor", after)) if value}
        said = self._http.ask("optimizer", "GET", f"/stores/{store_id}/matches", params=params).json()
        return Page(tuple(_match(one) for one in said["items"]), said["next"])

    def answer_matches(self, store_id: str, ids: Sequence[UUID], *, confirmed: bool) -> int:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        path = f"/stores/{store_id}/matches/{'confirm' if confirmed else 'reject'}"
        said = self._http.ask("optimizer", "POST", path, json={"ids": [str(one) for one in ids]}).json()
        return len(said["match_ids"])

    def rules(self, store_id: str) -> Mapping[str, ItemRule]:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        found: dict[str, ItemRule] = {}
        after: str | None = ""
        while after is not None:
            params = {"limit": RULES_PAGE, "after": after}
            page = self._http.ask("onboarding", "GET", f"/stores/{store_id}/item-rules", params=params).json()
            rules = [ItemRule.model_validate(one) for one in page["items"]]
            found |= {rule.key: rule for rule in rules}
            after = page["next"]
        return found

    def set_rules(self, store_id: str, rules: Sequence[ItemRule]) -> None:
        """See :class:`~thaman_dashboard.product_ports.ProductOwners`."""
        body = {"rules": [rule.model_dump(mode="json") for rule in rules]}
        self._http.ask("onboarding", "PUT", f"/stores/{store_id}/item-rules", json=body)


def _undo(item_key: str, decision_id: UUID) -> dict[str, Any]:
    return {"scope": "decisions", "decision_ids": [str(decision_id)], "items": [item_key]}


def _planned(said: Mapping[str, Any]) -> UndoItem:
    return UndoItem(
        item_key=said["item"],
        name=said["name"],
        restores=said["outcome"] == "restore",
        from_price=said["from_shelf_price"],
        to_price=said["to_shelf_price"],
        reason_ar=said["reason_ar"],
        reason_en=said["reason_en"],
    )


def _match(said: Mapping[str, Any]) -> MatchView:
    answered = said["answered_at"]
    return MatchView(
        match_id=UUID(said["match_id"]),
        item_key=key_of(said["product_id"], said["variant_id"]),
        found_at=datetime.fromisoformat(said["found_at"]),
        answered_at=None if answered is None else datetime.fromisoformat(answered),
        **{name: said[name] for name in _TEXTS},
    )
