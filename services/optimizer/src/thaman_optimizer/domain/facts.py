"""Everything a decision depends on. Equal facts give equal decisions, on any machine, at any time."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from thaman_contracts.envelope import encode
from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import OfferFitness
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.events.settings import AdviceMode, AutomationMode, StoreSettings
from thaman_optimizer.domain.past import ItemPast
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """A pricing policy and how far it is let; ``share_bp`` is a canary's share of products, else ``None``."""

    version: int
    stage: PolicyStage
    share_bp: int | None
    policy: PricePolicy


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What is known about a store when a run looks at it.

    ``catalogue_at`` is when its catalogue was last read to the end, ``None`` when it never was. ``policy`` is the live
    policy, ``trial`` the one in shadow or canary. ``priced_version`` is the settings version that last changed what
    decides a price.
    """

    store_id: str
    currency: str
    prices_include_vat: bool
    vat_bp: int
    connected: bool
    paused: bool
    stopped: bool
    entitled: bool
    fence: int
    settings: StoreSettings
    settings_version: int
    catalogue_at: datetime | None
    policy: PolicyFacts | None = None
    trial: PolicyFacts | None = None
    priced_version: int = 0


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """One rival's offer as last read; ``price`` is a shelf price with VAT in halalas."""

    competitor: str
    url: str
    fitness: OfferFitness
    price: int | None
    in_stock: bool | None
    confidence_bp: int
    observed_at: datetime

    @property
    def counts(self) -> bool:
        """Whether the offer may move a price, its age apart: it is usable, and was read surely enough."""
        return counts(self.fitness, self.confidence_bp)


def counts(fitness: OfferFitness, confidence_bp: int) -> bool:
    """Whether an offer of this fitness, read with this confidence, may move a price."""
    return fitness is OfferFitness.USABLE and confidence_bp >= LEAST_OFFER_CONFIDENCE_BP


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known about one priced thing. Amounts are halalas; unknown is ``None``.

    ``base_price`` and ``sale_price`` are in the store's own VAT basis, ``shelf_price``, ``baseline``, ``min_price`` and
    ``max_price`` are with VAT, ``cost`` (the merchant's own word, else Salla's) and ``salvage`` are without.
    ``baseline`` is the first shelf price ever seen, ``week_anchor`` the base price of a week ago, ``changes_today``
    counts our changes of the last 24 hours; ``past`` is loaded only where the demand model is asked. ``season_ends_on``
    is the last day the item sells, ``salvage`` what an unsold unit brings after it. ``mode`` is the item's own, where
    it has one.
    """

    product_id: str
    variant_id: str | None
    currency: str
    status: ItemStatus
    base_price: int
    shelf_price: int
    sale_price: int | None
    sale_ends_on: date | None
    sale_running: bool
    cost: int | None
    baseline: int | None
    min_price: int | None = None
    max_price: int | None = None
    locked: bool = False
    edited_at: datetime | None = None
    in_flight: bool = False
    changes_today: int = 0
    last_change_at: datetime | None = None
    week_anchor: int | None = None
    offers: tuple[OfferFacts, ...] = ()
    past: ItemPast | None = None
    season_ends_on: date | None = None
    salvage: int | None = None
    mode: AutomationMode | None = None


_LATER = ("season_ends_on", "salvage", "mode")
"""Facts of items that runs did not know of at first. Where unknown they are left out of what is recorded and digested,
so that runs recorded before are recomputed to the same digests; so are the policies of a store that has none."""


_AS_THEY_ARE = frozenset((bool, int, str, type(None)))
"""Exactly these, which most facts are: an enum of texts is none of them."""


def plain(value: Any) -> Any:
    """Facts as JSON values: instants as ISO text, enums by value."""
    return value if type(value) in _AS_THEY_ARE else _written(value)


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, StoreSettings):
        # Advice and a control share are left out while there is none, as in all runs recorded before they could be set,
        # so that those keep their digests; the breaker stops writing and decides nothing.
        unset = {"advice": value.advice is AdviceMode.OFF, "control_share_bp": value.control_share_bp == 0}
        without = {name for name, is_unset in unset.items() if is_unset}
        return value.model_dump(mode="json", exclude={"breaker"} | without)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value


@dataclass(frozen=True, slots=True)
class Inputs:
    """An item's facts as recorded, and the digest (hexadecimal) of them together with the store's and the engine's."""

    item: dict[str, Any]
    digest: str


class InputDigester:
    """SHA-256 over the canonical JSON ``{"advice", "assortment", "engine", "item", "now", "store"}``.

    ``advice`` is the digest of what a crew advised, ``assortment`` that of all that the demand model was told; without
    one (nobody was asked) its key is left out. The store's part is the same for all items of a run and so encoded
    once; keys stay in sorted order.
    """

    def __init__(
        self, engine: str, store: StoreFacts, now: datetime, assortment: str | None = None, advice: str | None = None
    ) -> None:
        told = b"" if advice is None else b'"advice":' + _json(advice) + b","
        told += b"" if assortment is None else b'"assortment":' + _json(assortment) + b","
        self._head = b"{" + told + b'"engine":' + _json(engine) + b',"item":'
        self._tail = b',"now":' + _json(now.isoformat()) + b',"store":' + encode(store_inputs(store)) + b"}"

    def __call__(self, item: ItemFacts) -> "Inputs":
        """One item's decision inputs with their digest."""
        inputs = item_inputs(item)
        return Inputs(inputs, sha256(self._head + encode(inputs) + self._tail).hexdigest())


def store_inputs(store: StoreFacts) -> dict[str, Any]:
    """The store's facts as they are digested and recorded; ``priced_version`` only tells approvals apart."""
    apart = ("policy", "trial", "priced_version")
    inputs = {name: plain(getattr(store, name)) for name in StoreFacts.__slots__ if name not in apart}
    policies = {"policy": store.policy, "trial": store.trial}
    return inputs | {name: _policy_inputs(facts) for name, facts in policies.items() if facts is not None}


def item_inputs(item: ItemFacts) -> dict[str, Any]:
    """The item's facts as they are digested and recorded."""
    apart = ("offers", "past", *_LATER)
    inputs = {name: plain(getattr(item, name)) for name in ItemFacts.__slots__ if name not in apart}
    inputs |= {name: plain(value) for name in _LATER if (value := getattr(item, name)) is not None}
    inputs["offers"] = [
        {name: plain(getattr(offer, name)) for name in OfferFacts.__slots__}
        for offer in sorted(item.offers, key=lambda offer: (offer.competitor, offer.url))
    ]
    if item.past is not None:
        past = {name: plain(getattr(item.past, name)) for name in ItemPast.__slots__ if name != "history"}
        # By far the most of all facts, a year of weeks for each item, so each week is written out at once.
        inputs["past"] = past | {"history": [[week.week_start.isoformat(), *week[1:]] for week in item.past.history]}
    return inputs


def _policy_inputs(facts: PolicyFacts) -> dict[str, Any]:
    """Without what a policy does not say, so that it keeps its digest when policies gain optional fields."""
    return {
        "version": facts.version,
        "stage": facts.stage.value,
        "share_bp": facts.share_bp,
        "policy": facts.policy.model_dump(mode="json", exclude_none=True),
    }


def _json(text: str) -> bytes:
    return encode({"": text})[4:-1]
