"""What is known of an item's past: the weeks that the demand model learns from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from thaman_contracts.money import round_div
from thaman_optimizer.domain.pricing import Week
from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT

LEARNED_WEEKS = 52
"""How far back a run looks: a year, so that each season was seen once."""

CHANGES_WITHIN = timedelta(days=90)
"""How far back a last change of price is looked for; longer ago is as good as never."""

_SHARE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ItemPast:
    """What the demand model is told of an item besides its price, cost and offers.

    ``stock`` is ``None`` where it is unknown or not counted, ``changed_at`` when the price last changed, by us or by
    hand, ``history`` the weeks up to now, oldest first.
    """

    brand: str | None
    category: str | None
    stock: float | None
    changed_at: datetime | None
    history: tuple[Week, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekRecord:
    """A week of an item as it is kept: Monday, units of counted orders, of which some with a known price (``paid`` is
    their sum), for each day the price and whether it was in stock as last seen (``None``: not seen), and the market's
    reference price. Prices in halalas with VAT."""

    week: date
    units: int
    paid_units: int
    paid: int
    prices: Sequence[int | None]
    stocked: Sequence[bool | None]
    reference: int | None


def history_of(records: Sequence[WeekRecord], sold: frozenset[date], today: date) -> tuple[Week, ...]:
    """An item's weeks up to ``today`` from what is kept of it, oldest first; ``sold``: the store's weeks with orders.

    Before its shelf was first looked at, an item is taken to have been there in each week with orders since its own
    first sale: otherwise only the weeks in which it sold would be seen, which makes everything look popular.
    """
    kept = {record.week: record for record in records if record.week <= today}
    sales = [week for week, record in kept.items() if record.units > 0]
    looked = [week for week, record in kept.items() if any(seen is not None for seen in record.stocked)]
    assumed = {week for week in sold if sales and min(sales) <= week < min(looked, default=today) and week <= today}
    found, last = [], None
    for week in sorted(kept.keys() | assumed):
        record = kept.get(week) or WeekRecord(week, 0, 0, 0, (), (), None)
        shown, last = _shown(record, last, today)
        share = _share(record, on_shelf=week in assumed or record.units > 0)
        found.append(Week(week, float(max(record.units, 0)), _price(record, shown), share, _amount(record.reference)))
    return tuple(found)


def _shown(record: WeekRecord, last: int | None, today: date) -> tuple[list[int], int | None]:
    """The price of each day that is over or begun, carried on where nobody looked, and the week's last one."""
    shown = []
    for day, price in enumerate(record.prices):
        last = price if price is not None and price > 0 else last
        if last is not None and record.week + timedelta(days=day) <= today:
            shown.append(last)
    return shown, last


def _price(record: WeekRecord, shown: Sequence[int]) -> int | None:
    if shown:
        return _amount(round_div(sum(shown), len(shown)))
    return _amount(round_div(record.paid, record.paid_units)) if record.paid_units > 0 else None


def _amount(value: int | None) -> int | None:
    return value if value is not None and 0 < value <= HIGHEST_AMOUNT else None


def _share(record: WeekRecord, *, on_shelf: bool) -> float:
    seen = [stocked for stocked in record.stocked if stocked is not None]
    if not seen:
        return 1.0 if on_shelf else 0.0
    return round(sum(seen) / len(seen), _SHARE_DIGITS)
