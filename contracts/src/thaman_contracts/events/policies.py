"""Pricing policies: strategies with a scope, times of rest, and the stages a new policy goes through.

A policy is laid over the store's settings. It may tighten them (a larger margin, a smaller step), never loosen them:
the floor that the merchant set holds under every policy.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from thaman_contracts.events.base import EventData, OpenEnum, Part, UtcDatetime
from thaman_contracts.events.settings import Ending, RiskTolerance, Strategy
from thaman_contracts.ids import ProductId, VariantId
from thaman_contracts.money import BasisPoints, Halalas, SignedHalalas

Name = Annotated[str, Field(min_length=1, max_length=200)]
LocalTime = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM in the store's own time.")
]
Days = Annotated[int, Field(strict=True, ge=0, le=60)]
PolicyVersion = Annotated[int, Field(strict=True, ge=1, description="Counts a store's policies from 1, without gaps.")]


def _require_order(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise ValueError("ends_at has to be after starts_at")


class Against(StrEnum):
    """Which of the rivals' prices a strategy measures from."""

    MEDIAN = "median"
    LOWEST = "lowest"
    AVERAGE = "average"
    HIGHEST = "highest"
    RANK = "rank"


class Season(OpenEnum):
    """A time of the Saudi year; the Islamic ones by the Umm al-Qura calendar."""

    RAMADAN = "ramadan"
    EID_AL_FITR = "eid_al_fitr"
    EID_AL_ADHA = "eid_al_adha"
    FOUNDING_DAY = "founding_day"
    NATIONAL_DAY = "national_day"
    WHITE_FRIDAY = "white_friday"


class StrategyScope(Part):
    """Which items: named ones (a product's id means all its variants, an item's key one of them), brands, categories.

    Nothing named = all; several kinds of names all have to hold.
    """

    products: tuple[str, ...] = Field((), max_length=5_000)
    brands: tuple[Name, ...] = Field((), max_length=500)
    categories: tuple[Name, ...] = Field((), max_length=500)


class ScopedStrategy(Part):
    """One strategy and where it holds. Of those that apply to an item the highest priority wins, then the narrowest.

    ``by_bp`` and ``by`` move the price from ``against``: undercut down, premium and position up (position may be
    negative). ``markup_bp`` is on the cost for cost-plus; ``price`` is a fixed shelf price with VAT.
    """

    kind: Strategy
    scope: StrategyScope = StrategyScope()
    priority: Annotated[int, Field(strict=True, ge=-10_000, le=10_000)] = 0
    against: Against = Against.MEDIAN
    rank: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    by_bp: Annotated[int, Field(strict=True, ge=-9_999, le=100_000)] = 0
    by: SignedHalalas = 0
    markup_bp: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    price: Halalas | None = Field(None, description="For a fixed price.")
    season: Season | None = Field(None, description="Holds only in that season.")
    starts_at: UtcDatetime | None = None
    ends_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind is Strategy.FIXED and not self.price:
            raise ValueError("a fixed strategy needs a price")
        _require_order(self.starts_at, self.ends_at)
        return self


class SeasonRest(Part):
    """Prices rest in a season, and so many days before and after it."""

    season: Season
    days_before: Days = 0
    days_after: Days = 0


class DateRest(Part):
    """Prices rest from one instant to another."""

    name: Name
    starts_at: UtcDatetime
    ends_at: UtcDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        _require_order(self.starts_at, self.ends_at)
        return self


class Sleep(Part):
    """Prices rest in some hours of every day; these may pass midnight."""

    from_time: LocalTime
    until_time: LocalTime

    @model_validator(mode="after")
    def _is_a_part_of_the_day(self) -> Self:
        if self.from_time == self.until_time:
            raise ValueError("sleep has to end at another time than it begins")
        return self


class VariantPricing(StrEnum):
    """Whether the variants of one product move together or each for itself."""

    TOGETHER = "together"
    APART = "apart"


class PricePolicy(Part):
    """What a merchant wants of prices, beyond the store's settings. A field left out leaves the setting as it is."""

    title: Name
    strategy: Strategy | None = Field(None, description="Where no strategy of the list applies.")
    offset_bp: Annotated[int, Field(strict=True, ge=0, le=5_000)] | None = None
    strategies: tuple[ScopedStrategy, ...] = Field((), max_length=200)
    season_rests: tuple[SeasonRest, ...] = Field((), max_length=50)
    date_rests: tuple[DateRest, ...] = Field((), max_length=100)
    sleep: Sleep | None = None
    risk_tolerance: RiskTolerance | None = None
    ending: Ending | None = None
    min_margin_bp: BasisPoints | None = Field(None, description="The larger of this and the setting holds.")
    max_step_bp: Annotated[int, Field(strict=True, ge=1, le=5_000)] | None = Field(
        None, description="The smaller of this and the setting holds."
    )
    variants: VariantPricing = VariantPricing.TOGETHER

    @model_validator(mode="after")
    def _is_for_a_whole_store(self) -> Self:
        if self.strategy is not None and not self.strategy.is_store_wide:
            raise ValueError(f"{self.strategy} needs details: put it into strategies")
        return self


class PolicyStage(StrEnum):
    """How far a policy is let: it decides nothing, decides beside the live one, for a share of products, for all."""

    DRAFT = "draft"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"


class PolicyDrafted(EventData, service="optimizer"):
    """A merchant wrote a new policy; it decides nothing yet."""

    policy_version: PolicyVersion
    policy: PricePolicy
    drafted_by: str


class PolicyStaged(EventData, service="optimizer"):
    """A policy was let further, or taken back. ``share_bp`` is the share of products that a canary decides for."""

    policy_version: PolicyVersion
    stage: PolicyStage
    share_bp: BasisPoints | None = None
    staged_by: str


class ShadowPrice(Part):
    """What a policy in shadow made of one item, beside what the live one made of it. Shelf prices with VAT.

    A price is ``None`` where the item was held; ``reason`` then says why the shadow held it (``<guard>/<code>``).
    """

    product_id: ProductId
    variant_id: VariantId | None = None
    shelf_price: Halalas
    live_price: Halalas | None = None
    shadow_price: Halalas | None = None
    disposition: str = Field(description="What would have become of it: write, ask or hold.")
    risk: str | None = None
    reason: str | None = None
    expected_weekly_profit_change: SignedHalalas | None = None


class PricesShadowed(EventData, service="optimizer"):
    """A policy in shadow decided beside the live one; nothing of it is written. One event carries at most 200 items."""

    run_id: UUID
    policy_version: PolicyVersion
    prices: tuple[ShadowPrice, ...]
