"""Commands and queries about the discount licences of a store. Blocking."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from thaman_contracts.events.licences import DiscountLicence
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.domain.licences import Held, LicenceBook
from thaman_onboarding.errors import UnknownLicence

T = TypeVar("T")
_RIYADH = ZoneInfo("Asia/Riyadh")


class Licences:
    """The licences of all stores; the log is where they are, for a store has a few."""

    def __init__(self, app: EventSourcedApplication, stores: Stores, clock: Clock) -> None:
        self._app = app
        self._stores = stores
        self._clock = clock

    def all(self, store_id: str) -> list[Held]:
        """The store's licences, the latest first day first.

        Raises:
            UnknownStore: it was never connected.
        """
        self._stores.get(store_id)
        book = self._app.find(LicenceBook, LicenceBook.id_of(store_id))
        held = [] if book is None else list(book.held.values())
        return sorted(held, key=lambda one: (one.licence.starts_on, one.recorded_at), reverse=True)

    def get(self, store_id: str, licence_id: UUID) -> Held:
        """One licence.

        Raises:
            UnknownStore, UnknownLicence: there is none.
        """
        found = next((one for one in self.all(store_id) if one.licence_id == licence_id), None)
        if found is None:
            raise UnknownLicence(f"there is no licence {licence_id}")
        return found

    def record(self, store_id: str, licence: DiscountLicence, by: str) -> Held:
        """Record a licence; see :meth:`LicenceBook.record` for the errors."""
        return self.get(store_id, self._change(store_id, lambda book, now: book.record(store_id, licence, by, now)))

    def correct(self, store_id: str, licence_id: UUID, licence: DiscountLicence, reason: str, by: str) -> Held:
        """Say a licence anew; see :meth:`LicenceBook.correct` for the errors."""
        self._change(store_id, lambda book, now: book.correct(store_id, licence_id, licence, reason, by, now))
        return self.get(store_id, licence_id)

    def revoke(self, store_id: str, licence_id: UUID, revoked_from: date | None, reason: str, by: str) -> Held:
        """Let a licence no longer count from a day on, by default from today in Riyadh; see
        :meth:`LicenceBook.revoke` for the errors."""

        def command(book: LicenceBook, now: datetime) -> None:
            day = revoked_from or now.astimezone(_RIYADH).date()
            book.revoke(store_id, licence_id, day, reason, by, now)

        self._change(store_id, command)
        return self.get(store_id, licence_id)

    def _change(self, store_id: str, command: Callable[[LicenceBook, datetime], T]) -> T:
        self._stores.get(store_id)

        def work(uow: UnitOfWork) -> T:
            book = uow.find(LicenceBook, LicenceBook.id_of(store_id))
            if book is None:
                book = LicenceBook(LicenceBook.id_of(store_id))
                uow.add(book)
            return command(book, self._clock.now())

        return self._app.execute(work)
