"""Rotation of the vault: every data key is wrapped again by the ring's newest key."""

from collections.abc import Iterator
from typing import Any

from thaman_kit.database import Database, load_queries
from thaman_onboarding.adapters.sealing import Sealer

_SQL = {
    **load_queries("thaman_onboarding", "adapters/queries_tokens.sql"),
    **load_queries("thaman_onboarding", "adapters/queries_keys.sql"),
}

_TABLES = (
    ("store", "store_id", "store_keys_under_other_keys", "rewrap_store_key"),
    ("tokens", "store_id", "tokens_under_other_keys", "rewrap_tokens"),
    ("installs", "install_id", "installs_under_other_keys", "rewrap_install"),
    ("webhook", "body_hash", "webhooks_under_other_keys", "rewrap_webhook"),
)

PAGE = 200


class Rotation:
    """Re-wraps page by page. Interrupted at any point it goes on where it stopped, as done rows no longer match."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def run(self) -> int:
        """Wrap every data key under the newest ring key; returns how many were not yet.

        A row that changed meanwhile is met again on the next page, under whichever key it is then.
        """
        return sum(1 for _ in self.steps())

    def steps(self) -> Iterator[str]:
        """The same, one row a step; yields the owner."""
        for prefix, column, select, update in _TABLES:
            while rows := self._page(select):
                for row in rows:
                    yield self._rewrap(f"{prefix}|{row[column]}", column, update, row)

    def remaining(self) -> int:
        """Whether anything (up to a page of each table) is left under an older key."""
        return sum(len(self._page(select)) for _, _, select, _ in _TABLES)

    def _page(self, select: str) -> list[dict[str, Any]]:
        return self._database.fetch_all(_SQL[select], {"key_id": self._sealer.key_id, "limit": PAGE})

    def _rewrap(self, owner: str, column: str, update: str, row: dict[str, Any]) -> str:
        wrapped = self._sealer.rewrap(owner, row["wrapped_key"])
        self._database.execute(
            _SQL[update],
            {
                "wrapped_key": wrapped,
                "key_id": self._sealer.key_id,
                "old_wrapped_key": row["wrapped_key"],
                column: row[column],
            },
        )
        return owner
