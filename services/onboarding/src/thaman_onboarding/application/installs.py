"""From tokens in hand to a connected store; the same for all three ways in.

The tokens are durable before anything else happens, so every step here may be repeated: by the browser's request, by
a job (queued with tokens that came by webhook, or for an installation that was left lying), by either after a crash.
"""

from collections.abc import Iterable
from uuid import UUID

from thaman_contracts.ids import SYSTEM, store_uuid
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import EffectRefused
from thaman_kit.faultpoint import faultpoint
from thaman_kit.jobs import Job, RetryLater
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters import breaker_store
from thaman_onboarding.adapters.forgetting_store import ForgettingStore
from thaman_onboarding.adapters.install_store import Install, InstallStore
from thaman_onboarding.adapters.salla_oauth import SallaAccounts, TokenSet
from thaman_onboarding.adapters.salla_store import SallaStores
from thaman_onboarding.adapters.store_keys import Profile
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.adapters.vault_store import TokenVault
from thaman_onboarding.application import measures
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.domain.unauthorized import Unauthorized, classify
from thaman_onboarding.errors import (
    CodeRefused,
    ForeignToken,
    InstallError,
    SallaBusy,
    SallaUnauthorized,
    SallaUncertain,
    SallaUnreachable,
    ScopeMissing,
    StaleInstall,
)

INSTALL_QUEUE = "install"
OBSERVE_QUEUE = "observe"
REGISTER_QUEUE = "register_webhooks"
NEEDED_SCOPE = "products.read_write"

log = get_logger(__name__)


OUTAGE_SECONDS = 15.0
EXCHANGE_SECONDS = 120.0
"""An exchange that has no end after so long has lost its process."""
LEFT_LYING_SECONDS = 20.0
"""Tokens in hand that nobody made a store of for so long get a job."""


class Installer:
    """Completes installations. Blocking."""

    def __init__(
        self,
        *,
        app: EventSourcedApplication,
        installs: InstallStore,
        vault: TokenVault,
        accounts: SallaAccounts,
        salla: SallaStores,
        waiting: ForgettingStore,
        clock: Clock,
    ) -> None:
        self._app = app
        self._installs = installs
        self._waiting = waiting
        self._vault = vault
        self._accounts = accounts
        self._salla = salla
        self._clock = clock

    def run_job(self, job: Job) -> None:
        """The job's way: finish what nobody finished. A refusal is recorded with the installation and ends the job."""
        try:
            self.complete(UUID(job.key))
        except SallaBusy as error:
            raise RetryLater(error.retry_after, str(error)) from error
        except (SallaUnreachable, SallaUncertain) as error:
            raise RetryLater(OUTAGE_SECONDS, str(error)) from error
        except InstallError as error:
            log.warning("install_refused", install_id=job.key, reason=str(error))

    def tend(self) -> None:
        """Mark exchanges that lost their process, and give a job to installations that were left lying."""
        for install_id in self._installs.interrupt(EXCHANGE_SECONDS):
            measures.INSTALLS.labels("browser", "interrupted").inc()
            log.error("install_interrupted", install_id=str(install_id), next_step="the merchant connects again")
        lying = self._installs.lying(LEFT_LYING_SECONDS)
        if lying:
            self._app.execute(lambda uow: enqueue_installs(uow, lying))

    def complete(self, install_id: UUID) -> str:
        """Connect the store; its id. Repeating it is harmless.

        Raises:
            InstallError: it cannot become a store; the installation is closed with the reason.
            SallaError: not now; the installation stays open.
        """
        install = self._installs.get(install_id)
        if install is None:
            raise CodeRefused(f"there is no installation {install_id}")
        if install.tokens is None:
            return _outcome(install)
        try:
            facts = self._facts(install, install.tokens)
            self._connect(install, install.tokens, facts)
        except EffectRefused:
            # Somebody else finished it in this instant; what they made of it counts.
            finished = self._installs.get(install_id)
            assert finished is not None
            return _outcome(finished)
        except StaleInstall as error:
            self._close(install, "stale", error)
            raise
        except InstallError as error:
            self._close(install, "refused", error)
            raise
        measures.INSTALLS.labels(install.via, "done").inc()
        log.info("store_connected", store_id=facts.store_id, via=install.via, install_id=str(install_id))
        self._tell_of_request(facts.store_id)
        return facts.store_id

    def _tell_of_request(self, store_id: str) -> None:
        wish = self._waiting.waiting(store_id)
        if wish is not None:
            log.warning("forgetting_goes_on", store_id=store_id, asked_by=wish.asked_by, due_at=wish.due_at.isoformat())

    def _facts(self, install: Install, tokens: TokenSet) -> StoreFacts:
        if tokens.scopes and NEEDED_SCOPE not in tokens.scopes:
            raise ScopeMissing(f"the scope {NEEDED_SCOPE} was not granted")
        try:
            store_id = self._accounts.merchant_id(tokens.access)
            facts = self._salla.facts(tokens.access, tokens.scopes)
        except SallaUnauthorized as error:
            if classify(error.message) is Unauthorized.SCOPE_MISSING:
                raise ScopeMissing(error.message) from error
            raise CodeRefused(f"the tokens do not work: {error.message}") from error
        if facts.store_id != store_id or install.store_id not in (None, store_id):
            raise ForeignToken(f"the tokens are of store {store_id}, not of {install.store_id or facts.store_id}")
        return facts

    def _connect(self, install: Install, tokens: TokenSet, facts: StoreFacts) -> None:
        def work(uow: UnitOfWork) -> None:
            now = self._clock.now()
            store = uow.find(Store, store_uuid(facts.store_id))
            if store is None:
                store = Store.new(facts.store_id)
                uow.add(store)
            store.authorize(facts, install.via, install.provider_time or store.next_authorization(now), now)
            project_store(uow, store, now)
            breaker_store.freshen(uow, facts.store_id)
            self._vault.keep_profile(uow, facts.store_id, Profile(facts.name))
            self._waiting.came_back(uow, facts.store_id)
            self._vault.put(uow, facts.store_id, tokens, install.via)
            self._installs.finish(uow, install.install_id, "done", facts.store_id, None)
            payload = {"cause": "install"}
            uow.enqueue(OBSERVE_QUEUE, f"install:{install.install_id}", facts.store_id, payload)
            uow.enqueue(REGISTER_QUEUE, str(install.install_id), facts.store_id)

        faultpoint("onboarding.install.before_commit")
        self._app.execute(work)
        faultpoint("onboarding.install.committed")

    def _close(self, install: Install, state: str, error: Exception) -> None:
        self._installs.fail(install.install_id, state, str(error))
        measures.INSTALLS.labels(install.via, state).inc()


def enqueue_installs(uow: UnitOfWork, installs: Iterable[tuple[UUID, str | None]]) -> None:
    """A job for each (installation, store if known); once for each installation, however often it is asked for."""
    for install_id, store_id in installs:
        uow.enqueue(INSTALL_QUEUE, str(install_id), store_id or SYSTEM)


def _outcome(install: Install) -> str:
    if install.state == "done" and install.store_id is not None:
        return install.store_id
    raise CodeRefused(install.detail or f"the installation is {install.state}")
