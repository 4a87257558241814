"""The data key of each store, and the profile that is sealed under it.

A store's key is made when it is connected and kept in one row, wrapped by the key ring. Tokens, the profile and
webhooks that wait are sealed under it. Deleting the row destroys all of them at once, wherever copies of them lie.
"""

import json
from dataclasses import asdict, dataclass

from thaman_kit.application import UnitOfWork
from thaman_kit.database import Database, load_queries
from thaman_kit.errors import UnknownKey, Unsealable
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.sealing import OwnKey, Sealer

_SQL = load_queries("thaman_onboarding", "adapters/queries_keys.sql")

PROFILE = "store_profiles|sealed"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """What Salla tells of a store that may name a person."""

    name: str


class StoreKeys:
    """The table of keys. Blocking."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._in_force = False

    def in_force(self) -> bool:
        """Whether all processes read what is sealed under a store's key; once they do, they do for ever."""
        if not self._in_force:
            row = self._database.fetch_one(_SQL["store_keys_in_force"])
            self._in_force = row is not None and row["in_force"]
        return self._in_force

    def find(self, store_id: str) -> OwnKey | None:
        """The store's key, or ``None`` when it has none (any more); raises the vault's errors."""
        row = self._database.fetch_one(_SQL["store_key"], {"store_id": store_id})
        return None if row is None else self.open(store_id, row["wrapped_key"])

    def open(self, store_id: str, wrapped: bytes) -> OwnKey:
        """The store's key from its wrapped form; raises the vault's errors."""
        return self._sealer.open_key(owner_of(store_id), wrapped)

    def ensure_for_tokens(self, store_id: str) -> OwnKey | None:
        """Like :meth:`ensure`, but ``None`` when the store's tokens went meanwhile: a forgotten store gets no key."""
        made = self._sealer.new_key(owner_of(store_id))
        row = {"store_id": store_id, "wrapped_key": made.wrapped, "key_id": made.key_id}
        self._database.execute(_SQL["insert_key_of_tokens"], row)
        return self.find(store_id)

    def ensure(self, store_id: str) -> OwnKey:
        """The store's key, made and committed if there is none: whoever comes second gets the first one's."""
        known = self.find(store_id)
        if known is not None:
            return known
        made = self._sealer.new_key(owner_of(store_id))
        row = {"store_id": store_id, "wrapped_key": made.wrapped, "key_id": made.key_id}
        self._database.execute(_SQL["insert_store_key"], row)
        kept = self.find(store_id)
        return self.ensure(store_id) if kept is None else kept

    def destroy(self, uow: UnitOfWork, store_id: str) -> None:
        """The only copy of the key goes; what was sealed under it is noise from now on."""
        uow.execute(_SQL["destroy_store_key"], {"store_id": store_id})

    def put_profile(self, uow: UnitOfWork, store_id: str, profile: Profile) -> None:
        """Keep what Salla tells of the store now."""
        sealed = self.ensure(store_id).seal(json.dumps(asdict(profile), ensure_ascii=False), PROFILE)
        uow.execute(_SQL["put_profile"], {"store_id": store_id, "sealed": sealed})


class ProfileReader:
    """Opens profiles that were read together with their wrapped keys."""

    def __init__(self, keys: StoreKeys) -> None:
        self._keys = keys

    def read(self, store_id: str, wrapped: bytes | None, sealed: bytes | None) -> Profile | None:
        """The profile, or ``None`` where there is none, its key is gone, or it does not open; that is logged, as one
        store's profile never hides the others."""
        if wrapped is None or sealed is None:
            return None
        try:
            opened = self._keys.open(store_id, wrapped).open(sealed, PROFILE)
        except (UnknownKey, Unsealable) as error:
            log.error("profile_does_not_open", store_id=store_id, reason=str(error))
            return None
        return Profile(**json.loads(opened))


def owner_of(store_id: str) -> str:
    """How the vault names the owner of a store's key."""
    return f"store|{store_id}"
