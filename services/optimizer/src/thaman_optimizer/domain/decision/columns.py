"""What a decision is made from and what it is, one entry for each product."""

from dataclasses import dataclass, fields
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints

Flags = npt.NDArray[np.bool_]


class Guard(IntFlag):
    """What was found on the way to a decision; the names in lower case are the codes of the guard trail."""

    BELOW_FLOOR = 1 << 0
    FLOOR = 1 << 1
    STEP = 1 << 2
    CORRIDOR = 1 << 3
    BRAKE = 1 << 4
    RAISE_ONLY = 1 << 5
    LOCKED = 1 << 6
    OUT_OF_STOCK = 1 << 7
    DWELL = 1 << 8
    SMALL_GAIN = 1 << 9
    UNLIKELY_GAIN = 1 << 10
    ALREADY_RIGHT = 1 << 11
    DITHER = 1 << 12
    NO_REFERENCE = 1 << 13
    STOCK_LIMITED = 1 << 14
    STRATEGY = 1 << 15
    NO_DATA = 1 << 16
    FIXED_PRICE = 1 << 17
    STRATEGY_UNFIT = 1 << 18
    REST = 1 << 19
    GROUP = 1 << 20


@dataclass(frozen=True, slots=True)
class Columns:
    """n products in the state's order; arrays of shape (n,). Amounts in halalas, prices with VAT, costs without.

    ``price`` now; ``cost`` (assumed where not ``cost_known``, see :func:`.costs.impute_costs`); ``floor`` (0 where the
    cost is unknown); ``stock`` units (NaN unknown); ``weeks_left`` until the season ends (NaN = none); ``salvage`` what
    an unsold unit brings then, without VAT (NaN unknown); ``days_since_change`` (inf = never seen to change);
    ``own_median`` of the last 90 days; ``reference`` (NaN = none) with its ``reference_weight``; ``braked``: cuts have
    been followed by a falling market, no more of them; ``locked``; ``resting``: a rest of the store runs, the same for
    all; ``target``: the price a strategy other than demand asks for (NaN = demand decides); ``fixed``: that target is a
    fixed price with dates; ``draw`` (uint64) for the dither; ``weeks_ahead``: weeks since the last one the state saw.
    """

    price: Ints
    cost: Floats
    cost_known: Flags
    floor: Ints
    stock: Floats
    weeks_left: Floats
    salvage: Floats
    days_since_change: Floats
    own_median: Ints
    reference: Floats
    reference_weight: Floats
    braked: Flags
    locked: Flags
    resting: Flags
    target: Floats
    fixed: Flags
    draw: npt.NDArray[np.uint64]
    weeks_ahead: Floats

    def take(self, which: slice | Ints) -> "Columns":
        """Some of the products."""
        return Columns(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Decisions:
    """One decision a product; arrays of shape (n,).

    ``price``: the one proposed, or the present one. ``expected``, ``low``, ``high``: weekly profit change in halalas
    with its 80 % interval; ``probability`` of a gain; ``guards``: bits of :class:`Guard`; ``disposition`` and ``risk``
    as in :mod:`.rules`; ``sales``: weekly units expected at that price.
    """

    price: Ints
    propose: Flags
    disposition: Ints
    risk: Ints
    expected: Floats
    low: Floats
    high: Floats
    probability: Floats
    guards: Ints
    sales: Floats

    def take(self, which: Ints) -> "Decisions":
        """Some of the decisions, in this order."""
        return Decisions(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @classmethod
    def joined(cls, parts: "list[Decisions]") -> "Decisions":
        """Decisions of consecutive products as one."""
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})
