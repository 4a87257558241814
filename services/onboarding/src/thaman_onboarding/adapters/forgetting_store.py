"""Which stores wait to be forgotten, and the deletions of a forgetting."""

from dataclasses import dataclass
from datetime import datetime

from thaman_contracts.events.onboarding import ForgettingReason
from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_onboarding.domain.forgetting import Wish

_SQL = load_queries("thaman_onboarding", "adapters/queries_forgetting.sql")
_DROPS = ("drop_installs", "drop_bodies", "drop_unreadable", "drop_errors", "drop_old_errors")


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many rows are held of a store that go with its key; ``keys`` is 1 while the store's data key lives."""

    keys: int
    profiles: int
    tokens: int
    installs: int
    webhooks: int
    api_keys: int


class ForgettingStore:
    """The table of stores that wait. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def schedule(self, uow: UnitOfWork, store_id: str, wish: Wish) -> None:
        """Let the store wait; one that waits already keeps its time."""
        uow.execute(_SQL["schedule"], _row(store_id, wish))

    def hasten(self, uow: UnitOfWork, store_id: str, wish: Wish) -> None:
        """Let the store wait for this instead."""
        uow.execute(_SQL["hasten"], _row(store_id, wish))

    def seed(self, wish: Wish) -> int:
        """Let uninstalled stores wait that nothing waits for; how many. Those that an operator keeps are left alone."""
        asked = {"asked_by": wish.asked_by, "asked_at": wish.asked_at, "due_at": wish.due_at}
        return self._database.execute(_SQL["seed"], asked)

    def keep(self, uow: UnitOfWork, store_id: str, now: datetime) -> None:
        """The store is not to be forgotten, whatever it waited for."""
        uow.execute(_SQL["keep"], {"store_id": store_id, "now": now})

    def came_back(self, uow: UnitOfWork, store_id: str) -> None:
        """The merchant is back: ends what an uninstall began, not what an operator asked for."""
        uow.execute(_SQL["came_back"], {"store_id": store_id})

    def waiting(self, store_id: str) -> Wish | None:
        """What the store waits for, or ``None``."""
        row = self._database.fetch_one(_SQL["waiting"], {"store_id": store_id})
        return None if row is None else Wish(**row | {"reason": ForgettingReason(row["reason"])})

    def due(self, now: datetime) -> list[str]:
        """Stores whose time has come, a hundred at most."""
        return [row["store_id"] for row in self._database.fetch_all(_SQL["due"], {"now": now})]

    def holdings(self, store_id: str) -> Holdings:
        """What would go."""
        row = self._database.fetch_one(_SQL["holdings"], {"store_id": store_id})
        assert row is not None
        return Holdings(**row)

    def live_keys(self, store_id: str) -> list[str]:
        """The ids of the store's API keys that still work."""
        return [row["key_id"] for row in self._database.fetch_all(_SQL["live_keys"], {"store_id": store_id})]

    def take(self, uow: UnitOfWork, store_id: str, wish: Wish) -> None:
        """End the wish in this transaction; refused at the commit when it was called off or changed meanwhile."""
        uow.execute(_SQL["take"], _row(store_id, wish), must_touch=1)

    def refuse_if_coming(self, uow: UnitOfWork, store_id: str, wish: Wish) -> None:
        """Refused at the commit while the merchant who went is on the way in again."""
        uow.execute(_SQL["nobody_comes"], {"store_id": store_id, "asked_at": wish.asked_at}, must_touch=1)

    def refuse_if_keyed(self, uow: UnitOfWork, store_id: str) -> None:
        """Refused at the commit when an API key of the store is live still."""
        uow.execute(_SQL["all_revoked"], {"store_id": store_id}, must_touch=1)

    def drop_profile(self, uow: UnitOfWork, store_id: str) -> None:
        """Delete what Salla told of the store."""
        uow.execute(_SQL["drop_profile"], {"store_id": store_id})

    def drop(self, uow: UnitOfWork, store_id: str, wish: Wish) -> None:
        """Delete what else is sealed, and words of others that may tell something."""
        for name in _DROPS:
            uow.execute(_SQL[name], {"store_id": store_id, "asked_at": wish.asked_at})


def _row(store_id: str, wish: Wish) -> dict[str, object]:
    return {
        "store_id": store_id,
        "reason": wish.reason.value,
        "asked_by": wish.asked_by,
        "asked_at": wish.asked_at,
        "due_at": wish.due_at,
    }
