"""The ``app.*`` family of webhooks: uninstall, trial and subscription. Tokens are taken at the door already."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from thaman_kit.application import UnitOfWork
from thaman_kit.logging import get_logger
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.errors import WebhookMalformed
from thaman_onboarding.webhooks import WebhookEvent

log = get_logger(__name__)

_ENTITLEMENTS = {
    "app.trial.started": "trial",
    "app.trial.expired": "expired",
    "app.trial.canceled": "canceled",
    "app.subscription.started": "active",
    "app.subscription.renewed": "active",
    "app.subscription.expired": "expired",
    "app.subscription.canceled": "canceled",
}

Handler = Callable[[UnitOfWork, WebhookEvent, datetime], None]


class AppEvents:
    """What each app event does; one that asks for nothing, or that is new, is counted and left."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._handlers: Mapping[str, Handler] = {
            "app.uninstalled": self._uninstalled,
            **dict.fromkeys(_ENTITLEMENTS, self._entitlement),
        }

    def handle(self, uow: UnitOfWork, event: WebhookEvent, at: datetime) -> str:
        """Do what the event means inside the unit; ``handled`` or ``ignored``.

        Args:
            at: the provider's time of the event, or of its receipt where that cannot be read.

        Raises:
            WebhookMalformed: it lacks what it must say.
            UnknownStore: it is about a store that is not connected yet.
        """
        handler = self._handlers.get(event.name)
        if handler is None:
            return "ignored"
        handler(uow, event, at)
        return "handled"

    def _uninstalled(self, uow: UnitOfWork, event: WebhookEvent, at: datetime) -> None:
        self._stores.uninstall(uow, event.store_id, at.replace(microsecond=0))
        log.info("app_uninstalled", store_id=event.store_id)

    def _entitlement(self, uow: UnitOfWork, event: WebhookEvent, at: datetime) -> None:
        if event.data.get("item_type") == "addon":
            return
        status = _ENTITLEMENTS[event.name]
        plan_name = event.data.get("plan_name")
        self._stores.change_entitlement(
            uow,
            event.store_id,
            status=status,
            plan_name=str(plan_name) if plan_name else None,
            ends_on=_day(event.data.get("end_date")),
            reported_at=at,
        )


def _day(value: Any) -> date | None:
    """A day as Salla writes it: ``2023-07-27``, or with a time after it; nothing where there is none.

    Raises:
        WebhookMalformed: it is something else. An end that is there and not understood must not pass for no end.
    """
    if value in (None, "", "null"):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise WebhookMalformed(f"end_date {value!r} is not a day") from error
