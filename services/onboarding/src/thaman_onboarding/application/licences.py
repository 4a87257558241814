"""Commands and queries about the discount licences of a store. Blocking."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from thaman_contracts.events.licences import DiscountLicence
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.redaction import redact_text
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.domain.forgetting import Wish
from thaman_onboarding.domain.licences import Held, LicenceBook
from thaman_onboarding.errors import InvalidChange, NotConnected, UnknownLicence

T = TypeVar("T")
_RIYADH = ZoneInfo("Asia/Riyadh")
_FREE = {"kind": 200, "document": 500, "reason": 200}
"""How long the texts may be that people type freely."""


class Licences:
    """The licences of all stores; the log is where they are, for a store has a few.

    Kind, document and reason are kept for ever, without ways to reach a person.
    """

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
        """Record a licence.

        Raises:
            UnknownStore, NotConnected: the store was never connected; it was forgotten.
            InvalidChange: a text is too long once it is masked.
            LicenceKnown: see :meth:`LicenceBook.record`.
        """
        said = _masked(licence)
        return self.get(store_id, self._change(store_id, lambda book, now: book.record(store_id, said, by, now)))

    def correct(self, store_id: str, licence_id: UUID, licence: DiscountLicence, reason: str, by: str) -> Held:
        """Say a licence anew; see :meth:`record` and :meth:`LicenceBook.correct` for the errors."""
        said, why = _masked(licence, "licence."), _without_persons("reason", reason)
        self._change(store_id, lambda book, now: book.correct(store_id, licence_id, said, why, by, now))
        return self.get(store_id, licence_id)

    def revoke(self, store_id: str, licence_id: UUID, revoked_from: date | None, reason: str, by: str) -> Held:
        """Let a licence no longer count from a day on, by default from today in Riyadh; see :meth:`record` and
        :meth:`LicenceBook.revoke` for the errors."""
        why = _without_persons("reason", reason)

        def command(book: LicenceBook, now: datetime) -> None:
            day = revoked_from or now.astimezone(_RIYADH).date()
            book.revoke(store_id, licence_id, day, why, by, now)

        self._change(store_id, command)
        return self.get(store_id, licence_id)

    def _change(self, store_id: str, command: Callable[[LicenceBook, datetime], T]) -> T:
        def work(uow: UnitOfWork) -> T:
            if self._stores.get(store_id).forgotten_at is not None:
                raise NotConnected("the store was forgotten; it has to be connected again")
            book = uow.find(LicenceBook, LicenceBook.id_of(store_id))
            if book is None:
                book = LicenceBook(LicenceBook.id_of(store_id))
                uow.add(book)
            return command(book, self._clock.now())

        return self._app.execute(work)


def end_with_store(uow: UnitOfWork, store_id: str, wish: Wish, now: datetime) -> None:
    """Revoke what stands of a store that is forgotten in this unit, so that none of it counts if it comes back.

    From the next day in Riyadh on: what was sold up to now was sold under it.
    """
    book = uow.find(LicenceBook, LicenceBook.id_of(store_id))
    if book is not None:
        tomorrow = now.astimezone(_RIYADH).date() + timedelta(days=1)
        book.revoke_all(store_id, tomorrow, "the store was forgotten", wish.asked_by, now)


def _masked(licence: DiscountLicence, within: str = "") -> DiscountLicence:
    """``within`` is where the licence stands in the body, for what is said of its texts."""
    texts = {name: getattr(licence, name) for name in ("kind", "document")}
    said = {name: _without_persons(name, text, within) for name, text in texts.items() if text is not None}
    return licence.model_copy(update=said)


def _without_persons(name: str, text: str, within: str = "") -> str:
    masked = redact_text(text)
    if len(masked) > _FREE[name]:
        problem = f"with addresses and numbers of persons masked it is longer than {_FREE[name]} characters"
        raise InvalidChange([(within + name, problem)])
    return masked
