"""What has to be looked after now and then, in every worker; doing it twice at once does no harm."""

import asyncio

import psycopg

from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.install_store import LoginStore
from thaman_onboarding.adapters.webhook_store import WebhookStore
from thaman_onboarding.application.installs import Installer

EVERY_SECONDS = 10.0
FORGET_EVERY = 360

log = get_logger(__name__)


class Housekeeping:
    """Tends installations, and forgets what is past its time."""

    def __init__(self, installer: Installer, logins: LoginStore, inbox: WebhookStore, keep_days: int) -> None:
        self._installer = installer
        self._logins = logins
        self._inbox = inbox
        self._keep_days = keep_days

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; a database that is away is asked again later."""
        rounds = 0
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.once, forget=rounds % FORGET_EVERY == 0)
                rounds += 1
            except psycopg.Error as error:
                log.warning("housekeeping_waits", reason=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
            except TimeoutError:
                continue

    def once(self, *, forget: bool = True) -> None:
        """One round."""
        self._installer.tend()
        if forget:
            forgotten = self._logins.forget_expired(), self._inbox.forget(self._keep_days)
            log.debug("forgotten", logins=forgotten[0], webhooks=forgotten[1])
