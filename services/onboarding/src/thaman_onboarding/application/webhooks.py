"""Webhooks: checked, made durable and acknowledged at the door; processed by a job.

**Replays.** Salla gives no delivery id, so a webhook's name is the hash of its body, kept for ``webhook_keep_days``. A
repeated body is acknowledged and changes nothing. Older than that a replay is refused by its own time
(``webhook_max_age_hours``); Salla's own repetitions end after a quarter of an hour. A time that cannot be read does not
cost the event: it is taken in as of now.

**Tokens.** ``app.store.authorize`` comes once. Its tokens are sealed and committed before Salla gets its answer.

**Order.** Not promised by Salla. Install and uninstall are ordered by the provider's time in the aggregate, product
events are hints to look, order events carry their own time.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from thaman_contracts.ids import derived_id
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.faultpoint import faultpoint
from thaman_kit.jobs import GiveUp, Job, RetryLater
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.install_store import InstallStore
from thaman_onboarding.adapters.salla_oauth import token_set
from thaman_onboarding.adapters.webhook_store import WebhookStore
from thaman_onboarding.application import measures
from thaman_onboarding.application.app_events import AppEvents
from thaman_onboarding.application.installs import enqueue_installs
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.errors import (
    SallaMalformed,
    UnknownStore,
    WebhookError,
    WebhookForged,
    WebhookMalformed,
    WebhookTooOld,
)
from thaman_onboarding.settings import Settings
from thaman_onboarding.webhooks import WebhookEvent, body_hash, parse, store_named, verify

WEBHOOKS_QUEUE = "webhooks"
AUTHORIZE = "app.store.authorize"
EARLY_ATTEMPTS = 6
EARLY_SECONDS = 5.0

log = get_logger(__name__)


class StoreEvents(Protocol):
    """Takes in events about products and orders, inside the unit that marks them processed."""

    def product_event(self, uow: UnitOfWork, event: WebhookEvent) -> None:
        """A ``product.*`` event."""

    def order_event(self, uow: UnitOfWork, event: WebhookEvent) -> None:
        """An ``order.*`` event."""


class WebhookDoor:
    """Takes webhooks in. Blocking, and quick: nothing here talks to Salla."""

    def __init__(
        self,
        app: EventSourcedApplication,
        inbox: WebhookStore,
        installs: InstallStore,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._app = app
        self._inbox = inbox
        self._installs = installs
        self._settings = settings
        self._clock = clock

    def receive(self, raw: bytes, headers: dict[str, str]) -> str:
        """Take one webhook in; afterwards it is durable. Returns ``accepted`` or ``duplicate``.

        Args:
            raw: the body as it came.
            headers: with lower-case names.

        Raises:
            WebhookForged: nothing was kept.
            WebhookMalformed: kept sealed, and shown among the dead letters.
            WebhookTooOld: nothing was kept.
        """
        family = "other"
        try:
            verify(raw, headers, self._settings.webhook_strategy, self._settings.webhook_secret.get_secret_value())
            event = self._read(raw)
            family = measures.family_label(event.family)
            outcome = self._take_in(event, raw)
        except WebhookError as error:
            measures.WEBHOOKS.labels(family, _refusal(error)).inc()
            log.warning("webhook_refused", reason=str(error), kind=_refusal(error))
            raise
        measures.WEBHOOKS.labels(family, outcome).inc()
        return outcome

    def _read(self, raw: bytes) -> WebhookEvent:
        try:
            return parse(raw)
        except WebhookMalformed as error:
            self._park(raw, str(error))
            raise

    def _take_in(self, event: WebhookEvent, raw: bytes) -> str:
        if self._inbox.get(event.body_hash) is not None:
            return "duplicate"
        self._check_age(event.provider_time)
        if event.name == AUTHORIZE:
            self._take_tokens(event, raw)
        else:
            self._app.execute(lambda uow: self._keep(uow, event, raw))
        faultpoint("onboarding.webhook.durable")
        return "accepted"

    def _check_age(self, provider_time: datetime | None) -> None:
        oldest = self._clock.now() - timedelta(hours=self._settings.webhook_max_age_hours)
        if provider_time is not None and provider_time < oldest:
            raise WebhookTooOld(f"its own time is {provider_time.isoformat()}")

    def _keep(self, uow: UnitOfWork, event: WebhookEvent, raw: bytes) -> None:
        self._inbox.receive(uow, event, raw)
        uow.enqueue(WEBHOOKS_QUEUE, event.body_hash, event.store_id)

    def _take_tokens(self, event: WebhookEvent, raw: bytes) -> None:
        """Tokens are kept as an installation under way, never as a webhook's body."""
        now = self._clock.now()
        try:
            tokens = token_set(event.data, now)
        except SallaMalformed as error:
            self._park(raw, str(error))
            raise WebhookMalformed(str(error)) from error
        install_id = install_of(event)

        def work(uow: UnitOfWork) -> None:
            provider_time = (event.provider_time or now).replace(microsecond=0)
            self._installs.receive_by_webhook(uow, install_id, event.store_id, provider_time, tokens)
            self._inbox.note(uow, event, "done")
            enqueue_installs(uow, [(install_id, event.store_id)])

        self._app.execute(work)

    def _park(self, raw: bytes, reason: str) -> None:
        self._app.execute(lambda uow: self._inbox.park(uow, body_hash(raw), raw, reason, store_named(raw)))


class WebhookProcessor:
    """Processes webhooks that were taken in; each one's whole effect in one transaction. Blocking."""

    def __init__(
        self,
        app: EventSourcedApplication,
        inbox: WebhookStore,
        stores: Stores,
        app_events: AppEvents,
        readers: StoreEvents,
    ) -> None:
        self._app = app
        self._inbox = inbox
        self._stores = stores
        self._app_events = app_events
        self._readers = readers

    def run_job(self, job: Job) -> None:
        """Process the webhook the job names; a webhook that cannot be understood is given up and shown.

        A report about a store that is not connected yet waits a while for its tokens, then it is ignored.
        """
        stored = self._inbox.get(job.key)
        if stored is None or stored.body is None:
            return
        event = parse(stored.body)

        def work(uow: UnitOfWork) -> str:
            outcome = self._outcome(uow, event, stored.received_at, job.attempts)
            self._inbox.finish(uow, event.body_hash, "ignored" if outcome == "ignored" else "done", None)
            uow.complete(job)
            return outcome

        try:
            outcome = self._app.execute(work)
        except WebhookMalformed as error:
            measures.WEBHOOKS_PROCESSED.labels(measures.family_label(event.family), "malformed").inc()
            raise GiveUp(f"{event.name}: {error}") from error
        measures.WEBHOOKS_PROCESSED.labels(measures.family_label(event.family), outcome).inc()

    def _outcome(self, uow: UnitOfWork, event: WebhookEvent, received_at: datetime, attempt: int) -> str:
        try:
            return self._dispatch(uow, event, received_at)
        except UnknownStore as error:
            if attempt <= EARLY_ATTEMPTS:
                raise RetryLater(EARLY_SECONDS, str(error), forgive=False) from error
            return "ignored"

    def _dispatch(self, uow: UnitOfWork, event: WebhookEvent, received_at: datetime) -> str:
        if event.family == "app":
            return self._app_events.handle(uow, event, event.provider_time or received_at)
        store = self._stores.rows.get(event.store_id)
        if store is None or not store.installed:
            return "ignored"
        if event.family == "product":
            self._readers.product_event(uow, event)
        elif event.family == "order":
            self._readers.order_event(uow, event)
        else:
            return "ignored"
        return "handled"


def install_of(event: WebhookEvent) -> UUID:
    """The installation that an ``app.store.authorize`` begins; the same webhook always begins the same one."""
    return derived_id("install", event.body_hash)


def _refusal(error: WebhookError) -> str:
    if isinstance(error, WebhookForged):
        return "forged"
    return "too_old" if isinstance(error, WebhookTooOld) else "malformed"
