"""The merchant's commands: allowed by the role, told to the owner, then waited for until the pages show them."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from thaman_dashboard.owner_ports import Owners
from thaman_dashboard.patience import PATIENCE, until
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.ports import ReadModels
from thaman_dashboard.views import SessionView, StoreView


class Commands:
    """What a session can do. Every method takes the session first, and acts on its store and no other.

    Raises (each of them):
        NotAllowed: the role does not permit it; nothing was done.
        OwnerError: the owner refused, is away, or nobody knows.
    """

    def __init__(self, owners: Owners, read_models: ReadModels, patience: float = PATIENCE) -> None:
        self._owners = owners
        self._read_models = read_models
        self._patience = patience

    def pause(self, session: SessionView, reason: str | None) -> bool:
        """Stop all writing of the store's prices; whether the pages show it already."""
        require(session.role, Deed.PAUSE)
        self._owners.pause(session.store_id, reason)
        return self._store_shows(session, lambda store: store.paused)

    def resume(self, session: SessionView) -> bool:
        """Allow writing again; whether the pages show it already."""
        require(session.role, Deed.RESUME)
        self._owners.resume(session.store_id)
        return self._store_shows(session, lambda store: not store.paused)

    def run_now(self, session: SessionView, key: str) -> UUID:
        """Ask for a run; ``key`` is one form's, so that sending it twice asks once."""
        require(session.role, Deed.RUN)
        run_id = self._owners.run_now(session.store_id, key)
        self._until(lambda: self._read_models.run(session.store_id, run_id) is not None)
        return run_id

    def change_settings(self, session: SessionView, changes: Mapping[str, Any], version: int) -> bool:
        """Change settings that were read as ``version``; whether the pages show it already."""
        require(session.role, Deed.SETTINGS)
        now = self._owners.change_settings(session.store_id, changes, version)
        return self._store_shows(session, lambda store: store.settings_version >= now)

    def _store_shows(self, session: SessionView, condition: Callable[[StoreView], bool]) -> bool:
        def holds() -> bool:
            store = self._read_models.store(session.store_id)
            return store is not None and condition(store)

        return self._until(holds)

    def _until(self, condition: Callable[[], bool]) -> bool:
        return until(condition, self._patience)
