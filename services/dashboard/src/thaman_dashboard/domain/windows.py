"""Which weeks a comparison is made of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from thaman_dashboard.domain.weeks import WEEK

MOST_BEFORE = 12
MOST_AFTER = 26


@dataclass(frozen=True, slots=True)
class Windows:
    """Whole weeks (their Mondays) on both sides of the week in which the comparison began, oldest first."""

    begins: date
    before: tuple[date, ...]
    after: tuple[date, ...]


def windows(controlled: Sequence[date], first_sale: date | None, this_week: date) -> Windows | None:
    """The weeks of the comparison that runs now; ``None`` where none does.

    It runs as long as every week has a control share; a week without ends it. The week in which it began is on neither
    side, nor is this one, which is not over, nor the week of the first sale that was told, which may have begun before.
    """
    if not controlled or controlled[-1] < this_week - WEEK:
        return None
    begins = controlled[-1]
    for week in reversed(controlled):
        if begins - week > WEEK:
            break
        begins = week
    earliest = begins if first_sale is None else first_sale + WEEK
    before = [begins - WEEK * number for number in range(MOST_BEFORE, 0, -1)]
    weeks_after = (this_week - begins) // WEEK - 1
    after = [begins + WEEK * number for number in range(1, min(weeks_after, MOST_AFTER) + 1)]
    return Windows(begins, tuple(week for week in before if week >= earliest), tuple(after))
