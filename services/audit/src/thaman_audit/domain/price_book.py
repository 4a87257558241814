"""Prices of items as their rows tell them one after another; what the statement of such rows makes of them, too."""

from dataclasses import dataclass, field

from thaman_audit.domain.rows import Row


@dataclass(slots=True)
class PriceBook:
    """What stands of each item, and the changes that came to it; for a history that is read from its beginning."""

    standing: dict[str, Row] = field(default_factory=dict)
    """The present price of each item, as the last row leaves it."""
    changes: list[Row] = field(default_factory=list)
    """What is history: only changes, and what somebody did."""

    def take(self, row: Row) -> None:
        """The next row, as :func:`thaman_audit.domain.rows.project` adds it."""
        item, base, shelf = row["item"], row["base_price"], row["shelf_price"]
        known = self.standing.get(item)
        old_base, old_shelf = (known["base_price"], known["shelf_price"]) if known is not None else (None, None)
        moved = old_base != base or (None not in (old_shelf, shelf) and old_shelf != shelf)
        if row["cause"] != "observed" or moved:
            cause = "first_seen" if old_base is None and row["cause"] == "observed" else row["cause"]
            self.changes.append(row | {"old_base_price": old_base, "cause": cause})
        # A hand edit says nothing of the shelf; what was seen there before with the same base price still stands.
        stands = old_shelf if shelf is None and base == old_base else shelf
        self.standing[item] = row if stands == shelf else row | {"shelf_price": stands}

    def taken(self) -> list[Row]:
        """The changes since the last time."""
        changes, self.changes = self.changes, []
        return changes
