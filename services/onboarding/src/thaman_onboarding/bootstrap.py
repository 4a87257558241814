"""Builds onboarding from its settings: the one place where adapters are made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import NewKey
from thaman_kit.clock import Clock, SystemClock
from thaman_kit.vault import KeyRing
from thaman_onboarding.adapters.forgetting_store import ForgettingStore
from thaman_onboarding.adapters.install_store import InstallStore, LoginStore
from thaman_onboarding.adapters.rotation import Rotation
from thaman_onboarding.adapters.salla_oauth import Client, SallaAccounts
from thaman_onboarding.adapters.salla_store import SallaStores
from thaman_onboarding.adapters.sealing import Sealer
from thaman_onboarding.adapters.store_keys import ProfileReader, StoreKeys
from thaman_onboarding.adapters.store_rows import StoreRows
from thaman_onboarding.adapters.vault_store import TokenVault
from thaman_onboarding.adapters.webhook_store import WebhookStore
from thaman_onboarding.application import keys
from thaman_onboarding.application.access import AsyncTokens
from thaman_onboarding.application.app_events import AppEvents
from thaman_onboarding.application.authorization import Authorization
from thaman_onboarding.application.forgetting import Forgetting
from thaman_onboarding.application.installs import Installer
from thaman_onboarding.application.licences import Licences
from thaman_onboarding.application.refresh import Tokens
from thaman_onboarding.application.registration import Registration
from thaman_onboarding.application.stores import Stores
from thaman_onboarding.application.system import SystemAdmin
from thaman_onboarding.application.webhooks import WebhookDoor, WebhookProcessor
from thaman_onboarding.domain.keys import Scope
from thaman_onboarding.observation.webhooks import WebhookReader
from thaman_onboarding.pages import Pages
from thaman_onboarding.settings import Settings


@dataclass(frozen=True, slots=True)
class Container:
    """Everything a process of onboarding works with. ``tokens`` is for coroutines, ``renewals`` for threads."""

    settings: Settings
    clock: Clock
    app: EventSourcedApplication
    stores: Stores
    forgetting: Forgetting
    licences: Licences
    system: SystemAdmin
    tokens: AsyncTokens
    renewals: Tokens
    logins: LoginStore
    installs: InstallStore
    installer: Installer
    registration: Registration
    authorization: Authorization
    webhook_inbox: WebhookStore
    webhook_door: WebhookDoor
    webhook_processor: WebhookProcessor
    rotation: Rotation
    pages: Pages
    closing: tuple[Callable[[], None], ...]

    def issue_key(self, scope: Scope, store_id: str | None, label: str, expires_at: datetime | None = None) -> NewKey:
        """Make an API key; see :func:`thaman_onboarding.application.keys.issue_key`."""
        pepper = self.settings.api_key_pepper
        return keys.issue_key(self.app, scope, store_id, label, pepper=pepper, expires_at=expires_at, clock=self.clock)

    def revoke_key(self, key_id: str) -> None:
        """Revoke an API key; see :func:`thaman_onboarding.application.keys.revoke_key`."""
        keys.revoke_key(self.app, key_id, clock=self.clock)

    def check_database(self) -> None:
        """For readiness: raises when the database does not answer."""
        self.app.database.fetch_one("SELECT 1 AS one FROM stores LIMIT 1")

    def close(self) -> None:
        """Give connections back."""
        for close in self.closing:
            close()


def build_container(settings: Settings, *, clock: Clock | None = None) -> Container:
    """A container on its own connections.

    Raises:
        KeyRingError: the vault's keys cannot be read.
    """
    clock = clock or SystemClock()
    url = settings.database_url.get_secret_value()
    sealer = Sealer(KeyRing.parse(settings.vault_keys))
    app = EventSourcedApplication.connect("onboarding", url, pool_size=settings.database_pool_size)
    accounts = build_accounts(settings, clock)
    salla = SallaStores(settings.salla_api_url, settings.salla_timeout_seconds)
    store_keys = StoreKeys(app.database, sealer)
    vault = TokenVault(app.database, sealer, store_keys, url)
    rows, waiting = StoreRows(app.database, ProfileReader(store_keys)), ForgettingStore(app.database)
    wait = timedelta(days=settings.forget_after_days)
    stores = Stores(app=app, rows=rows, vault=vault, waiting=waiting, clock=clock, forget_after=wait)
    renewals = Tokens(vault, accounts, stores, clock, grace_seconds=settings.salla_timeout_seconds * 2)
    installs, logins = InstallStore(app.database, sealer), LoginStore(app.database, sealer)
    installer = Installer(
        app=app, installs=installs, vault=vault, accounts=accounts, salla=salla, waiting=waiting, clock=clock
    )
    inbox = WebhookStore(app.database, sealer, store_keys)
    return Container(
        settings=settings,
        clock=clock,
        app=app,
        stores=stores,
        forgetting=Forgetting(app=app, rows=rows, waiting=waiting, vault=vault, clock=clock, wait=wait),
        licences=Licences(app, stores, clock),
        system=SystemAdmin(app, stores.rows, clock),
        tokens=AsyncTokens(renewals),
        renewals=renewals,
        logins=logins,
        installs=installs,
        installer=installer,
        registration=Registration(renewals, salla, settings),
        authorization=Authorization(app, logins, installs, accounts, installer),
        webhook_inbox=inbox,
        webhook_door=WebhookDoor(app, inbox, installs, settings, clock),
        webhook_processor=WebhookProcessor(app, inbox, stores, AppEvents(stores), WebhookReader(app, clock)),
        rotation=Rotation(app.database, sealer),
        pages=Pages(),
        closing=(accounts.close, salla.close, app.close),
    )


def build_accounts(settings: Settings, clock: Clock) -> SallaAccounts:
    """The client of Salla's OAuth server."""
    client = Client(
        client_id=settings.salla_client_id,
        client_secret=settings.salla_client_secret.get_secret_value(),
        redirect_uri=settings.callback_url,
        scopes=settings.salla_scopes,
    )
    return SallaAccounts(settings.salla_accounts_url, client, clock, settings.salla_timeout_seconds)
