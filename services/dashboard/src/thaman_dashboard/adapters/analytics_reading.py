"""Our own tables as the analytics pages read them."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from thaman_dashboard.adapters.showing import shown
from thaman_dashboard.analytics_ports import Count, Movement, Sold, Standing
from thaman_dashboard.domain.price_index import Link
from thaman_dashboard.domain.windows import Windows
from thaman_dashboard.views import Page, Position
from thaman_kit.cursors import seal, unseal
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/analytics_reading.sql")


class AnalyticsReading:
    """Implements :class:`thaman_dashboard.analytics_ports.AnalyticsRows`."""

    def __init__(self, database: Database) -> None:
        """``database`` has the dashboard's tables."""
        self._database = database

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

    def counts_by_week(self, store_id: str, since: date) -> tuple[Count, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return tuple(shown(Count, row) for row in self._all("counts_by_week", store_id, since=since))

    def links(self, store_id: str, since: date) -> tuple[Link, ...]:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return tuple(shown(Link, row) for row in self._all("links", store_id, since=since))

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
        return [shown(Sold, row) for row in self._all("sold", store_id, **_ends(windows))] if windows.after else []

    def apart(self, store_id: str, windows: Windows) -> int:
        """See :class:`~thaman_dashboard.analytics_ports.AnalyticsRows`."""
        return int(self._all("apart", store_id, **_ends(windows))[0]["products"]) if windows.after else 0

    def _all(self, query: str, store_id: str, **params: Any) -> list[dict[str, Any]]:
        return self._database.fetch_all(_queries()[query], {"store_id": store_id, **params})


def _ends(windows: Windows) -> dict[str, Any]:
    first, last = windows.after[0], windows.after[-1]
    given = {"first": first, "last": last, "weeks": 1 if first == last else 2}
    return given | {"before": list(windows.before), "after": list(windows.after)}
