"""What a price leaves, and what many answers do together: exact integers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from thaman_contracts.events.optimizer import PriceProposed
from thaman_contracts.money import BP_ONE, change_bp


def margin_bp(shelf_price: int, cost: int | None, vat_bp: int, fee_bp: int) -> int | None:
    """What is left of the price without VAT after cost and fees, as a share of it; rounded down as the engine does.

    ``None`` where the cost is unknown or there is no price. ``cost`` is without VAT.
    """
    if cost is None or shelf_price <= 0:
        return None
    return BP_ONE - fee_bp + (-cost * (BP_ONE + vat_bp) // shelf_price)


@dataclass(frozen=True, slots=True)
class Sums:
    """What saying yes to some proposals does together.

    ``expected_week`` adds the expected weekly changes of profit that are known (``None`` where none is),
    ``expected_unknown`` counts the others. ``expected_low`` and ``expected_high`` add the ends of the known ones' 80 %
    ranges: the widest case, in which all come out low, or high, together; ``None`` where one has no range.
    ``largest_bp`` is the largest change of a price, up or down, with its sign.
    """

    count: int
    raises: int
    cuts: int
    risks: Mapping[str, int]
    expected_week: int | None
    expected_low: int | None
    expected_high: int | None
    expected_unknown: int
    largest_bp: int | None


def sums_of(proposals: Iterable[PriceProposed]) -> Sums:
    """The sums of some proposals."""
    given = list(proposals)
    moves = [one.new_shelf_price - one.old_shelf_price for one in given]
    known = [one for one in given if one.expected_weekly_profit_change is not None]
    changes = [change_bp(one.old_shelf_price, one.new_shelf_price) for one in given if one.old_shelf_price > 0]
    return Sums(
        count=len(given),
        raises=sum(move > 0 for move in moves),
        cuts=sum(move < 0 for move in moves),
        risks=Counter(one.risk.value for one in given),
        expected_week=_added(one.expected_weekly_profit_change for one in known),
        expected_low=_added(one.interval80_low for one in known),
        expected_high=_added(one.interval80_high for one in known),
        expected_unknown=len(given) - len(known),
        largest_bp=max(changes, key=abs, default=None),
    )


def _added(amounts: Iterable[int | None]) -> int | None:
    """Their sum; ``None`` where one is not known, or there is none."""
    given = list(amounts)
    known = [one for one in given if one is not None]
    return sum(known) if known and len(known) == len(given) else None


def reason_parts(code: str) -> tuple[str, dict[str, str]]:
    """A recorded reason, ``"<name> key=value ..."``, as its name and its values."""
    name, *given = code.split(" ")
    pairs = (part.partition("=") for part in given)
    return name, {key: value for key, sign, value in pairs if sign}
