"""How shelf prices end: exact, whole riyals, or .95."""

from thaman_contracts.events.settings import Ending
from thaman_contracts.money import HALALAS_PER_RIYAL
from thaman_optimizer.domain.basis import Basis

_TAIL = {Ending.WHOLE: 0, Ending.POINT_95: 95}


def up(shelf: int, ending: Ending) -> int:
    """The smallest shelf price with this ending that is not below ``shelf``."""
    if ending is Ending.EXACT:
        return shelf
    return shelf + (_TAIL[ending] - shelf) % HALALAS_PER_RIYAL


def down(shelf: int, ending: Ending) -> int:
    """The largest price with this ending that is not above ``shelf``; zero or less when there is none."""
    if ending is Ending.EXACT:
        return shelf
    return shelf - (shelf - _TAIL[ending]) % HALALAS_PER_RIYAL


def nearest(shelf: int, ending: Ending) -> int:
    """The nearest price with this ending above zero; of two equally near ones the lower."""
    below, above = down(shelf, ending), up(shelf, ending)
    return below if below > 0 and shelf - below <= above - shelf else above


def highest_base(basis: Basis, low: int, high: int, ending: Ending) -> int | None:
    """The highest base price from ``low`` to ``high`` whose shelf price has this ending, if there is one."""
    shelf = down(basis.shelf(high), ending)
    base = basis.base_near(shelf)
    if base > high:
        base = basis.base_near(down(shelf - 1, ending))
    return base if max(low, 1) <= base <= high else None


def lowest_base(basis: Basis, low: int, high: int, ending: Ending) -> int | None:
    """The lowest base price from ``low`` to ``high`` whose shelf price has this ending, if there is one."""
    shelf = up(basis.shelf(low), ending)
    base = basis.base_near(shelf)
    if base < low:
        base = basis.base_near(up(shelf + 1, ending))
    return base if max(low, 1) <= base <= high else None
