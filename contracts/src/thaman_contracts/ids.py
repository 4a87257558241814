"""Identifiers: how stores, items, runs, proposals and decisions are named.

Everything that must not happen twice has an id derived from its cause (UUIDv5), so that doing the work again names
the same thing again.
"""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

NAMESPACE = UUID("5a1f6c5e-7d0b-5d0e-9f3b-7e6a1c2b4d80")
SYSTEM = "system"
"""The pseudo store under which events about the whole installation travel."""

StoreId = Annotated[str, Field(pattern=r"^([0-9]{1,20}|system)$", description="Salla's merchant id, or 'system'.")]
ProductId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", description="Salla's product id.")]
VariantId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", description="Salla's variant (sku) id.")]


def derived_id(kind: str, *parts: str) -> UUID:
    """The id of a ``kind`` of thing that ``parts`` determine; equal parts always give the equal id."""
    return uuid5(NAMESPACE, "\x1f".join((kind, *parts)))


def item_key(product_id: str, variant_id: str | None) -> str:
    """One priced thing as one string: ``"<product>"`` or ``"<product>/<variant>"``."""
    return product_id if variant_id is None else f"{product_id}/{variant_id}"


def split_item_key(key: str) -> tuple[str, str | None]:
    """The reverse of :func:`item_key`."""
    product_id, _, variant_id = key.partition("/")
    return product_id, variant_id or None


def store_uuid(store_id: str) -> UUID:
    """The id of a store's own aggregate."""
    return derived_id("store", store_id)


def run_id(store_id: str, cause: str) -> UUID:
    """The id of the pricing run that ``cause`` (a slot's start, or a run-now request's id) asks for."""
    return derived_id("run", store_id, cause)


def proposal_id(run: UUID, key: str) -> UUID:
    """The id of what ``run`` says about the item ``key``."""
    return derived_id("proposal", str(run), key)


def decision_id(proposal: UUID) -> UUID:
    """The id of the decision that ``proposal`` may become; one proposal gives one decision at most."""
    return derived_id("decision", str(proposal))
