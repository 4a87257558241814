"""What the pages show, row by row. Money is halalas, shares are basis points, times are UTC; unknown is ``None``."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from thaman_contracts.events.optimizer import PriceProposed, RunStatistics
from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.domain.states import DecisionState as DecisionState  # noqa: PLC0414 - pages know it from here
from thaman_dashboard.domain.states import PriceCause as PriceCause  # noqa: PLC0414 - pages know it from here
from thaman_dashboard.domain.states import ProposalState as ProposalState  # noqa: PLC0414 - pages know it from here
from thaman_dashboard.domain.states import RunState as RunState  # noqa: PLC0414 - pages know it from here

T = TypeVar("T")

STALE_AFTER = timedelta(seconds=60)
"""Without the worker for so long, pages say that they may be out of date."""


class Position(StrEnum):
    """Where an own price stands against the market's reference."""

    BELOW = "below"
    AT = "at"
    ABOVE = "above"


class Role(StrEnum):
    """What a session may do: read; answer proposals and stop, too; everything."""

    VIEWER = "viewer"
    APPROVER = "approver"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items, and the cursor of the page after this one."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class SystemView:
    """The installation: whether an operator stopped all writing, and when the worker last was connected to all
    streams (``None`` before it ever was)."""

    stopped: bool = False
    system_fence: int = 0
    pulse_at: datetime | None = None

    def is_stale(self, now: datetime) -> bool:
        """Whether what the pages show may be out of date, because the worker has not been there."""
        return self.pulse_at is not None and now - self.pulse_at > STALE_AFTER


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store that was connected at least once. ``heard_at`` is the time of the newest event of any service."""

    store_id: str
    name: str
    domain: str | None
    currency: str
    prices_include_vat: bool
    vat_bp: int
    plan: str
    connected: bool
    needs_reauthorization: str | None
    paused: bool
    pause_reason: str | None
    pause_reason_ar: str | None
    entitlement: str | None
    entitlement_ends_on: date | None
    settings: StoreSettings
    settings_version: int
    forgotten: bool
    heard_at: datetime

    def entitled_on(self, day: date) -> bool:
        """Whether the subscription covers a Riyadh day; a store that Salla reported nothing about is entitled."""
        if self.entitlement is None:
            return True
        ends_on = self.entitlement_ends_on
        return self.entitlement in ("trial", "active") and (ends_on is None or day <= ends_on)


@dataclass(frozen=True, slots=True)
class ItemView:
    """One priced thing. ``base_price`` is in the store's VAT basis, the other prices are shelf prices with VAT.

    ``cost`` is Salla's and ``own_cost`` the merchant's own, both without VAT. ``own_mode`` is how much may be done
    alone with this item. ``risk`` is that of its pending proposal, where it has one. ``margin_bp`` is the share of the
    price without VAT that is left of it over its cost; lists alone tell it.
    """

    store_id: str
    item_key: str
    product_id: str
    variant_id: str | None
    name: str
    sku: str | None
    brand: str | None
    category: str | None
    status: str
    currency: str
    base_price: int
    shelf_price: int | None
    cost: int | None
    stock: int | None
    unlimited: bool
    has_variants: bool
    url: str | None
    min_price: int | None
    max_price: int | None
    locked: bool
    seen_at: datetime
    risk: str | None = None
    own_cost: int | None = None
    own_mode: str | None = None
    margin_bp: int | None = None

    @property
    def cost_in_force(self) -> int | None:
        """What a unit costs without VAT: by the merchant's own word, else by Salla's."""
        return self.cost if self.own_cost is None else self.own_cost


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with what it was made of; ``item_name`` is ``None`` until the catalogue was heard."""

    store_id: str
    proposal_id: UUID
    run_id: UUID
    item_key: str
    item_name: str | None
    state: ProposalState
    old_shelf_price: int
    new_shelf_price: int
    floor: int
    ceiling: int
    reference: int | None
    risk: str
    disposition: str
    proposed_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None
    document: PriceProposed


@dataclass(frozen=True, slots=True)
class HeldView:
    """Why the latest run left an item's price as it is."""

    store_id: str
    item_key: str
    reason: str
    reason_ar: str
    reason_en: str
    at: datetime
    run_id: UUID


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decided price and what became of it. What only the optimizer tells is ``None`` until it was heard.

    ``reason`` is the code of what kept it from being written, ``detail`` says it in words. ``expected`` is the change
    of weekly profit that its proposal expected, ``None`` where nobody could say.
    """

    store_id: str
    decision_id: UUID
    proposal_id: UUID | None
    run_id: UUID
    item_key: str
    shelf_price: int | None
    state: DecisionState
    decided_by: str | None
    decided_at: datetime | None
    settled_at: datetime | None
    reason: str | None
    detail: str | None
    reverts_decision_id: UUID | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class PricePoint:
    """From ``at`` on the shelf price was this; ``None`` after a hand edit whose shelf price nobody saw yet."""

    store_id: str
    item_key: str
    at: datetime
    event_id: str
    shelf_price: int | None
    cause: PriceCause
    decision_id: UUID | None


@dataclass(frozen=True, slots=True)
class OfferView:
    """What one rival's page said last; ``fitness`` says whether it may move a price, or why not."""

    store_id: str
    item_key: str
    url: str
    competitor: str
    price: int | None
    currency: str | None
    fitness: str
    in_stock: bool | None
    confidence_bp: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class OfferPoint:
    """A usable price of a rival, when it was read."""

    store_id: str
    item_key: str
    url: str
    competitor: str
    observed_at: datetime
    price: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What a crew of agents said of a run's market, or why it said nothing."""

    outcome: str
    reason: str | None
    summary_ar: str
    summary_en: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A pricing run. Any of its facts may be missing while its services are heard at different speeds.

    ``items`` are how many it looks at, ``scouted`` is what its scout handed over (``MarketScouted``).
    """

    store_id: str
    run_id: UUID
    trigger: str | None
    state: RunState
    slot: datetime | None
    mode: str | None
    requested_by: str | None
    requested_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    statistics: RunStatistics | None
    failure: str | None
    advice: Advice | None
    items: int | None = None
    scouted: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class ActivityView:
    """One line of the timeline."""

    store_id: str
    event_id: str
    service: str
    at: datetime
    kind: str
    item_key: str | None
    item_name: str | None
    said_ar: str
    said_en: str
    actor: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A store's counts at one moment.

    ``items`` are those on record that have a price of their own and are not deleted, ``priced`` of them those that a
    run may price: on the shelf, with a known cost, not locked. ``pending`` wait for an answer. ``held`` are items whose
    price the latest run left for another reason than that it is right as it is. ``expected_week`` adds the expected
    weekly changes of the decisions that were applied within seven days and have one, ``expected_unknown`` counts those
    that have none. ``position`` counts items with an offer that the store's settings take for fresh, against the
    reference of the latest run; within one per cent is at it. When the next run is due only the scheduler knows, so
    ``next_due`` is ``None`` here.
    """

    items: int
    priced: int
    pending: int
    pending_high: int
    held: int
    uncertain: int
    changes_24h: int
    changes_7d: int
    expected_week: int | None
    expected_unknown: int
    last_run: RunView | None
    next_due: datetime | None
    heard_at: datetime | None
    position: Counter[Position]


@dataclass(frozen=True, slots=True)
class LinkView:
    """A one-time login link that still opens a session; of one person where it has one."""

    store_id: str
    role: Role
    expires_at: datetime
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session, by the hash of its id: whose it is, at which of the person's ``stores`` they are, and as what.

    ``person_id`` is ``None`` only before the session is stored.
    """

    hash: bytes
    store_id: str
    role: Role
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str | None
    csrf: str
    person_id: UUID | None = None
    person_name: str | None = None
    stores: int = 0
