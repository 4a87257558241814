"""Read models of stores, installation and API keys, lost or doubted, made again from events."""

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_onboarding.adapters.store_rows import (
    StoreRows,
    project_key,
    project_revocation,
    project_rules,
    project_store,
    project_system,
    wipe_read_models,
)
from thaman_onboarding.domain.events import ApiKeyIssued, StoreAuthorized
from thaman_onboarding.domain.keys import Key
from thaman_onboarding.domain.store import Store
from thaman_onboarding.domain.system import SYSTEM_ID, System


def rebuild(app: EventSourcedApplication, clock: Clock) -> int:
    """Empty the read models and fill them from events in one transaction; returns the number of stores.

    ``updated_at`` becomes the time of the rebuild; everything else equals what it was.
    """
    rows = StoreRows(app.database)

    def work(uow: UnitOfWork) -> int:
        wipe_read_models(uow)
        now = clock.now()
        originators = rows.originators(StoreAuthorized.topic)
        for originator in originators:
            store = uow.get(Store, originator)
            project_store(uow, store, now)
            project_rules(uow, store.store_id, tuple(store.rules.values()))
        system = uow.find(System, SYSTEM_ID)
        if system is not None:
            project_system(uow, system, now)
        for originator in rows.originators(ApiKeyIssued.topic):
            _project_key(uow, uow.get(Key, originator))
        return len(originators)

    return app.execute(work)


def _project_key(uow: UnitOfWork, key: Key) -> None:
    assert key.issued is not None
    project_key(uow, key.issued)
    if key.revoked_at is not None:
        project_revocation(uow, key.key_id, key.revoked_at)
