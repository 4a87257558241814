"""What a merchant and an operator can set; carried whole in the events that change it."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from thaman_contracts.events.base import OpenEnum, Part, UtcDatetime
from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.ids import ProductId, VariantId, item_key
from thaman_contracts.money import BasisPoints, Cost, Halalas


class AutomationMode(StrEnum):
    """How much Thaman may do alone."""

    MANUAL = "manual"
    SEMI_AUTO = "semi_auto"
    FULL_AUTO = "full_auto"

    def narrowed(self, own: "AutomationMode | None") -> "AutomationMode":
        """The more careful of the store's mode and an item's own."""
        careful = tuple(AutomationMode)
        return self if own is None else min(self, own, key=careful.index)


class RiskTolerance(StrEnum):
    """How far a merchant wants to go; it moves limits, never the floor."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class MarginBasis(StrEnum):
    """What the minimum margin is a share of: the price without VAT, or (mark-up) the cost."""

    MARGIN = "margin"
    MARKUP = "markup"


class Strategy(OpenEnum):
    """Where to stand against the reference price of the market, or ``demand``: what pays, learned from sales.

    Those that need more than an offset (``position``, ``cost_plus``, ``fixed``, ``lock``) are for parts of a store and
    set by a policy.
    """

    MATCH = "match"
    UNDERCUT = "undercut"
    PREMIUM = "premium"
    HOLD = "hold"
    DEMAND = "demand"
    POSITION = "position"
    COST_PLUS = "cost_plus"
    FIXED = "fixed"
    LOCK = "lock"

    @property
    def is_store_wide(self) -> bool:
        """Whether it can be a whole store's strategy."""
        return self not in (Strategy.POSITION, Strategy.COST_PLUS, Strategy.FIXED, Strategy.LOCK)


class Ending(StrEnum):
    """How a shelf price ends: exact, whole riyals, or .95."""

    EXACT = "exact"
    WHOLE = "whole"
    POINT_95 = "point_95"


class AdviceMode(OpenEnum):
    """Whether a crew of LLM agents is asked for advice on a store's market in each of its runs."""

    OFF = "off"
    CREW = "crew"


class StoreSettings(Part):
    """A store's pricing policy. The defaults protect (product.md B8): they are policy data, not physics."""

    mode: AutomationMode = AutomationMode.MANUAL
    watch_until: UtcDatetime | None = Field(None, description="Until then every proposal is only asked.")
    min_margin_bp: BasisPoints = 1_000
    margin_basis: MarginBasis = MarginBasis.MARGIN
    fee_bp: BasisPoints = Field(0, description="Payment and channel fees, share of the price without VAT.")
    risk_tolerance: RiskTolerance = RiskTolerance.MEDIUM
    strategy: Strategy = Strategy.MATCH
    offset_bp: Annotated[int, Field(strict=True, ge=0, le=5_000)] = Field(
        100, description="How far undercut or premium stand from the reference."
    )
    ending: Ending = Ending.WHOLE
    frequency_hours: Annotated[int, Field(strict=True, ge=1, le=24)] = 12
    max_step_bp: Annotated[int, Field(strict=True, ge=1, le=5_000)] = 1_000
    week_move_bp: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 2_000
    changes_per_day: Annotated[int, Field(strict=True, ge=1, le=24)] = 1
    cooldown_minutes: Annotated[int, Field(strict=True, ge=0, le=10_080)] = 360
    ceiling_over_baseline_bp: Annotated[int, Field(strict=True, ge=0, le=100_000)] = Field(
        3_500, description="Ceiling above the first observed shelf price, where the merchant set none."
    )
    offer_max_age_minutes: Annotated[int, Field(strict=True, ge=5, le=20_160)] = 1_440
    min_offers: Annotated[int, Field(strict=True, ge=1, le=20)] = 2
    manual_edit_hold_hours: Annotated[int, Field(strict=True, ge=0, le=8_760)] = 72
    approval_hours: Annotated[int, Field(strict=True, ge=1, le=720)] = 48
    advice: AdviceMode = Field(
        AdviceMode.OFF, description="Advice can leave out offers, raise risk and hold; it never sets a price."
    )
    control_share_bp: Annotated[int, Field(strict=True, ge=0, le=5_000)] = Field(
        0, description="Share of products whose prices are left alone, so that the others can be compared with them."
    )
    breaker: BreakerLimits | None = Field(
        None, description="What stops the store by itself; none given: the limits that BreakerLimits come with."
    )

    @field_validator("strategy")
    @classmethod
    def _is_store_wide(cls, value: Strategy) -> Strategy:
        if not value.is_store_wide:
            raise ValueError(f"{value} is no strategy for a whole store: put it into a policy")
        return value


class ItemRule(Part):
    """A merchant's own limits for one item; shelf prices, with VAT. Floor wins where they contradict."""

    product_id: ProductId
    variant_id: VariantId | None = None
    min_price: Halalas | None = None
    max_price: Halalas | None = None
    locked: bool = False
    season_ends_on: date | None = Field(None, description="The last day it sells.")
    salvage: Halalas | None = Field(None, description="What an unsold unit brings after that day, without VAT.")
    cost: Cost | None = Field(None, description="What a unit costs, without VAT, in place of Salla's cost.")
    mode: AutomationMode | None = Field(
        None, description="More careful than the store's mode; one that is bolder changes nothing."
    )

    @property
    def key(self) -> str:
        """The item's key."""
        return item_key(self.product_id, self.variant_id)


class SystemSettings(Part):
    """Installation-wide settings; versioned by the events that carry them."""

    stopped: bool = Field(False, description="Emergency stop: no store's prices are written.")
    sweep_hours: Annotated[int, Field(strict=True, ge=1, le=24)] = 6
    token_refresh_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 2
    token_refresh_before_hours: Annotated[int, Field(strict=True, ge=1, le=240)] = 48
    retention_weekday: Annotated[int, Field(strict=True, ge=0, le=6, description="0 = Monday, 6 = Sunday.")] = 6
    retention_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 3
    retention_keep_days: Annotated[int, Field(strict=True, ge=7, le=3_650)] = 400
