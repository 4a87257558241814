"""Our own tables as the analytics pages read them."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.analytics_ports import Count, Movement, Standing
from thaman_dashboard.domain.price_index import Link
from thaman_dashboard.domain.sold import Sold
from thaman_dashboard.domain.weeks import WEEK
from thaman_dashboard.domain.windows import Windows
from thaman_dashboard.views import Page, Position
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/analytics_reading.sql")

OPEN = 2
"""The last weeks asked for: this one, and the one before, of which the last events may be on their way."""

MOST_SOLD = 20
"""Comparisons whose products are kept; then all are asked for anew."""

MOST_CLOSED = 20_000
"""Rows of weeks past that are kept; then all are asked for anew."""


class AnalyticsReading:
    """Implements :class:`thaman_dashboard.analytics_ports.AnalyticsRows`."""

    def __init__(self, database: Database) -> None:
        """``database`` has the dashboard's tables."""
        self._database = database
        self._closed: dict[tuple[str, str, date], dict[str, Any]] = {}
        self._sold: dict[tuple[str, Windows], tuple[dict[str, Any], Sequence[Sold]]] = {}

    def standings(
        self, store_id: str, now: datetime, position: Position | None, after: str | None, limit: int
    ) -> Page[Standing]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        far, key = unseal("standings", after, int, str) if after else (None, None)
        given = {"now": now, "position": position, "far": far, "key": key, "limit": limit + 1}
        rows = self._all("standings", store_id, **given)
        last = rows[limit - 1] if len(rows) > limit else None
        following = None if last is None else seal("standings", abs(last["distance_bp"]), last["item_key"])
        made = tuple(shown(Standing, row, position=Position(row["position"])) for row in rows[:limit])
        return Page(made, following)

    def counts_by(self, store_id: str, now: datetime, column: str, limit: int) -> tuple[Count, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return tuple(shown(Count, row) for row in self._all("counts_by", store_id, now=now, column=column, limit=limit))

    def counts_by_week(self, store_id: str, weeks: Sequence[date]) -> tuple[Count, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        rows = [(week, self._of_week("week_count", store_id, week, weeks)) for week in weeks]
        counts = (Count(named=week.isoformat(), **row) for week, row in rows)
        return tuple(count for count in counts if count.all)

    def links(self, store_id: str, weeks: Sequence[date]) -> tuple[Link, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        rows = [(week, self._of_week("week_link", store_id, week, weeks)) for week in weeks]
        return tuple(Link(week=week, since=week - WEEK, **row) for week, row in rows if row["items"])

    def movements(self, store_id: str, since: datetime, limit: int) -> tuple[Movement, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return tuple(shown(Movement, row) for row in self._all("movements", store_id, since=since, limit=limit))

    def controlled_weeks(self, store_id: str) -> tuple[date, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return tuple(row["week"] for row in self._all("controlled_weeks", store_id))

    def first_sale(self, store_id: str) -> date | None:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        week: date | None = self._all("first_sale", store_id)[0]["week"]
        return week

    def sold(self, store_id: str, windows: Windows) -> Sequence[Sold]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        if not windows.after:
            return []
        first, last = windows.after[0], windows.after[-1]
        earliest = windows.before[0] if windows.before else windows.begins
        given = {"first": first, "last": last, "begins": windows.begins, "earliest": earliest, "latest": last}
        # Made again once an order or a run that it is made of was told since. The stamp is taken first, so it is never
        # newer than what goes with it.
        [stamp] = self._all("sold_stamp", store_id, **{name: given[name] for name in given if name != "begins"})
        known = self._sold.get((store_id, windows))
        if known is not None and known[0] == stamp:
            return known[1]
        found = [Sold(**row) for row in self._all("sold", store_id, **given)]
        if len(self._sold) >= MOST_SOLD:
            self._sold.clear()
        self._sold[store_id, windows] = stamp, found
        return found

    def _of_week(self, query: str, store_id: str, week: date, weeks: Sequence[date]) -> dict[str, Any]:
        """A week's row. What runs said in a week that is well past does not change, so it is asked for once."""
        place = (query, store_id, week)
        known = self._closed.get(place)
        if known is not None:
            return known
        [row] = self._all(query, store_id, week=week)
        if week not in weeks[-OPEN:]:
            if len(self._closed) >= MOST_CLOSED:
                self._closed.clear()
            self._closed[place] = row
        return row

    def _all(self, query: str, store_id: str, **params: Any) -> list[dict[str, Any]]:
        return self._database.fetch_all(_queries()[query], {"store_id": store_id, **params})
