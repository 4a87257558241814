"""Read models of stores and installation, lost or doubted, made again from events."""

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_onboarding.adapters.store_rows import (
    StoreRows,
    project_rules,
    project_store,
    project_system,
    wipe_read_models,
)
from thaman_onboarding.domain.events import StoreAuthorized
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
        return len(originators)

    return app.execute(work)
