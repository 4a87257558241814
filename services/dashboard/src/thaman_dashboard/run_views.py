"""What a run's page and the overview show beside the run and the counts. Money is halalas."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class HeldReason:
    """Why prices stay, ``<guard>/<code>``, and of how many items."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item that a run left as it is, in words."""

    item_key: str
    item_name: str | None
    shelf_price: int | None
    reason_ar: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as its owner has it: ``document`` is the owner's answer."""

    hold_reasons: tuple[HeldReason, ...]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a store needs of its merchant now, and the range around the profit that was expected.

    ``lapsing`` are proposals without an answer that lapse within two hours. ``half_width`` is half of the 80 % range of
    ``Overview.expected_week``: the products' own ranges joined as if they moved independently of each other; ``None``
    where one of them is not known.
    """

    lapsing: int
    refused: int
    without_cost: int
    half_width: int | None
    next_expiry: datetime | None
