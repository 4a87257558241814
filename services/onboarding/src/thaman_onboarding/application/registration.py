"""Webhooks of a new store are asked for by API, one call for each kind of event."""

from thaman_kit.jobs import GiveUp, Job, RetryLater
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.salla_store import WEBHOOK_EVENTS, SallaStores
from thaman_onboarding.application.installs import OUTAGE_SECONDS
from thaman_onboarding.application.refresh import Tokens
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.errors import (
    NotConnected,
    SallaBusy,
    SallaRefused,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
)
from thaman_onboarding.settings import Settings

log = get_logger(__name__)


class Registration:
    """Registers a store's webhooks. Blocking."""

    def __init__(self, tokens: Tokens, salla: SallaStores, settings: Settings) -> None:
        self._tokens = tokens
        self._salla = salla
        self._settings = settings

    def run_job(self, job: Job) -> None:
        """Subscribe to the events we want of those Salla offers; asking again renews, so a repetition does no harm.

        A refusal (real Salla does not call localhost, for one) is given up and shown; sweeps find everything later.
        """
        if not self._settings.register_webhooks:
            return
        try:
            self._subscribe(job.store_id)
        except SallaBusy as error:
            raise RetryLater(error.retry_after, str(error)) from error
        except (SallaUnreachable, SallaUncertain) as error:
            raise RetryLater(OUTAGE_SECONDS, str(error)) from error
        except SallaUnauthorized as error:
            if self._tokens.report_unauthorized(job.store_id, error.message) is Action.RETRY:
                raise RetryLater(1.0, "with a new token", forgive=False) from error
            log.warning("webhooks_not_registered", store_id=job.store_id, reason=error.message)
        except SallaRefused as error:
            raise GiveUp(f"Salla refused the webhook address {self._settings.webhook_url}: {error.message}") from error
        except NotConnected:
            log.info("webhooks_not_needed", store_id=job.store_id)

    def _subscribe(self, store_id: str) -> None:
        token = self._tokens.current(store_id).tokens.access
        secret = self._settings.webhook_secret.get_secret_value()
        wanted = sorted(self._salla.offered_events(token).intersection(WEBHOOK_EVENTS))
        for event in wanted:
            self._salla.subscribe(token, event, self._settings.webhook_url, self._settings.webhook_strategy, secret)
        log.info("webhooks_registered", store_id=store_id, events=wanted)
