"""A merchant connects a store in the browser: the way out to Salla, and the way back.

States are one-time and bound to the browser that began, for ten minutes. A state we never made is Salla's own: the
merchant began in Salla's app store, and the code, which only Salla can give, is the proof (salla.md 1.2). Only the
first way back of our own login, in its own browser, may be handed over to the dashboard; any other opens no session,
so a forged or repeated way back gains nobody anything.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from thaman_contracts.events.onboarding import InstallPath
from thaman_kit.application import EventSourcedApplication
from thaman_kit.faultpoint import faultpoint
from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.install_store import Install, InstallStore, LoginStore, digest
from thaman_onboarding.adapters.salla_oauth import SallaAccounts, TokenSet
from thaman_onboarding.application import measures
from thaman_onboarding.application.installs import Installer
from thaman_onboarding.errors import (
    ClientMisconfigured,
    CodeRefused,
    ConsentDenied,
    InstallError,
    InstallInterrupted,
    SallaBusy,
    SallaError,
    SallaMalformed,
    SallaRefused,
    SallaUncertain,
    SallaUnreachable,
    StateRefused,
)

LOGIN_SECONDS = 600

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Return:
    """What the browser brings back from Salla."""

    state: str | None
    code: str | None
    error: str | None
    error_description: str | None
    browser: str | None


@dataclass(frozen=True, slots=True)
class Connected:
    """The end of the way back. Without a store, tokens are safe and the rest is finished in the background.

    ``bound``: this very browser began, and it is back for the first time.
    """

    store_id: str | None
    bound: bool = False


class Authorization:
    """The browser's way to Salla and back. Blocking."""

    def __init__(
        self,
        app: EventSourcedApplication,
        logins: LoginStore,
        installs: InstallStore,
        accounts: SallaAccounts,
        installer: Installer,
    ) -> None:
        self._app = app
        self._logins = logins
        self._installs = installs
        self._accounts = accounts
        self._installer = installer

    def begin(self, browser: str) -> str:
        """Remember a login of this browser; returns Salla's address to send it to."""
        state = secrets.token_hex(32)  # letters and digits only: Salla strips hyphens on the way back
        verifier = secrets.token_urlsafe(48)
        self._logins.begin(state, browser, verifier, LOGIN_SECONDS)
        faultpoint("onboarding.authorize.remembered")
        return self._accounts.authorize_url(state, verifier)

    def finish(self, back: Return) -> Connected:
        """The browser came back.

        Raises:
            InstallError: it did not work out; the class says why.
            ClientMisconfigured: Salla does not know us.
            SallaUnreachable, SallaBusy: Salla could not be asked; the merchant starts again.
        """
        verifier, via = self._recognise(back)
        if back.error is not None:
            measures.INSTALLS.labels(via, "denied").inc()
            raise ConsentDenied(back.error, back.error_description or "")
        if not back.code:
            raise CodeRefused("the address carries no code")
        install_id = uuid4()
        earlier = self._installs.begin(install_id, via, back.code)
        if earlier is not None:
            return self._again(earlier)
        faultpoint("onboarding.callback.before_exchange")
        tokens = self._exchange(install_id, via, back.code, verifier)
        faultpoint("onboarding.callback.after_exchange")
        self._receive(install_id, tokens)
        faultpoint("onboarding.callback.received")
        return replace(self._complete(install_id), bound=via is InstallPath.CALLBACK)

    def _recognise(self, back: Return) -> tuple[str | None, InstallPath]:
        """The PKCE verifier of our own login, or Salla's own installation without one."""
        login = self._logins.take(back.state) if back.state else None
        if login is None:
            return None, InstallPath.SALLA
        if not login.fresh:
            raise StateRefused("the login took longer than ten minutes")
        if not hmac.compare_digest(login.browser_hash, digest(back.browser or "")):
            raise StateRefused("the login was begun in another browser")
        return login.verifier, InstallPath.CALLBACK

    def _again(self, earlier: Install) -> Connected:
        """The same code again, say because the page was reloaded. The code itself is never sent twice."""
        if earlier.state == "done":
            return Connected(earlier.store_id)
        if earlier.state == "received":
            return self._complete(earlier.install_id)
        if earlier.state in ("exchanging", "interrupted"):
            raise InstallInterrupted("the exchange of this code began earlier and its end was never seen")
        raise CodeRefused(earlier.detail or "this code was used before")

    def _exchange(self, install_id: UUID, via: InstallPath, code: str, verifier: str | None) -> TokenSet:
        try:
            return self._accounts.exchange(code, verifier)
        except SallaUncertain as error:
            self._failed(install_id, via, "interrupted", error)
            raise InstallInterrupted(str(error)) from error
        except (SallaRefused, SallaMalformed) as error:
            self._failed(install_id, via, "refused", error)
            raise CodeRefused(str(error)) from error
        except (SallaUnreachable, SallaBusy, ClientMisconfigured) as error:
            self._failed(install_id, via, "refused", error)
            raise

    def _failed(self, install_id: UUID, via: InstallPath, state: str, error: Exception) -> None:
        self._installs.fail(install_id, state, str(error))
        measures.INSTALLS.labels(via, state).inc()
        log.warning("install_failed", install_id=str(install_id), via=via, state=state, reason=str(error))

    def _receive(self, install_id: UUID, tokens: TokenSet) -> None:
        self._app.execute(lambda uow: self._installs.receive(uow, install_id, tokens))

    def _complete(self, install_id: UUID) -> Connected:
        try:
            return Connected(self._installer.complete(install_id))
        except InstallError:
            raise
        except SallaError as error:
            log.warning("install_left_to_worker", install_id=str(install_id), reason=str(error))
            return Connected(None)
