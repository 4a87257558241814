"""What has to be looked after now and then, in every worker; doing it twice at once does no harm."""

from collections.abc import Callable

from thaman_kit.logging import get_logger
from thaman_onboarding.adapters.install_store import LoginStore
from thaman_onboarding.adapters.webhook_store import WebhookStore
from thaman_onboarding.application.forgetting import Forgetting
from thaman_onboarding.application.installs import Installer

EVERY_SECONDS = 10.0
FORGET_EVERY = 360

log = get_logger(__name__)


class Housekeeping:
    """Tends installations, and forgets what is past its time."""

    def __init__(
        self, installer: Installer, forgetting: Forgetting, logins: LoginStore, inbox: WebhookStore, keep_days: int
    ) -> None:
        self._installer = installer
        self._forgetting = forgetting
        self._logins = logins
        self._inbox = inbox
        self._keep_days = keep_days
        self._rounds = 0

    def round(self) -> None:
        """One round of many; only some of them forget."""
        self.once(forget=self._rounds % FORGET_EVERY == 0)
        self._rounds += 1

    def once(self, *, forget: bool = True) -> None:
        """Tend installations and forget the stores whose time has come; ``forget``: also logins and webhooks."""
        steps: list[Callable[[], object]] = [self._installer.tend, self._forgetting.round, self._forgetting.adopt]
        if forget:
            steps += [self._logins.forget_expired, lambda: self._inbox.forget(self._keep_days)]
        failures = [error for step in steps if (error := _failure(step)) is not None]
        if len(failures) > 1:
            log.error("housekeeping_failed", failures=[str(error) for error in failures])
        if failures:
            raise failures[0]


def _failure(step: Callable[[], object]) -> Exception | None:
    """What a step failed of: the others go on without it, as what has to be deleted waits for nothing."""
    try:
        step()
    except Exception as error:
        return error
    return None
