"""What can go wrong in onboarding.

::

    OnboardingError
    ├── UnknownStore             no store of this id was ever connected
    ├── NotConnected             the store has no usable tokens; the merchant has to (re)connect it
    ├── SettingsConflict         the settings changed since the caller read them
    ├── InvalidChange            a change of settings or rules that makes no sense; names the fields
    ├── NothingToCallOff         a store that does not wait to be forgotten
    ├── UnknownKey               no API key of this id
    ├── LicenceError             a discount licence cannot be changed as asked
    │   ├── UnknownLicence       the store has none of this id
    │   ├── LicenceKnown         its number is on record already, with other words
    │   └── LicenceGone          it was revoked
    ├── InstallError             connecting a store did not work out
    │   ├── StateRefused         the browser came back with a state that is unknown, used, expired or not its own
    │   ├── CodeRefused          Salla refused the one-time code, or it was used before
    │   ├── ConsentDenied        the merchant said no
    │   ├── InstallInterrupted   the exchange began earlier and its end was never seen
    │   ├── ScopeMissing         Salla granted too little to work with
    │   ├── ForeignToken         the tokens belong to another store than the message said
    │   └── StaleInstall         a newer authorisation or an uninstall is known already
    ├── SallaError               the answer, or the silence, of Salla
    │   ├── SallaUnreachable     nothing was sent; safe to try again
    │   ├── SallaUncertain       something was sent and no clear answer came
    │   ├── SallaBusy            429: not processed; says how long to wait
    │   ├── SallaRefused         an OAuth or API refusal; carries the ``error`` code
    │   │   └── SallaUnauthorized   401 of the Merchant API; carries its message
    │   └── SallaMalformed       an answer that cannot be read
    ├── ClientMisconfigured      Salla does not know our client id and secret; no merchant is to blame
    └── WebhookError             a webhook that cannot be taken in
        ├── WebhookForged        the signature or token is missing or wrong
        ├── WebhookMalformed     not an event
        └── WebhookTooOld        the provider's time is too long ago to be a first delivery
"""

from collections.abc import Sequence
from uuid import UUID


class OnboardingError(Exception):
    """The root of onboarding's errors."""


class UnknownStore(OnboardingError):
    """No store of this id was ever connected."""


class NotConnected(OnboardingError):
    """The store has no usable tokens; the merchant has to connect it (again)."""


class SettingsConflict(OnboardingError):
    """The settings changed since the caller read them."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"version {expected} was expected, version {found} is in force")
        self.expected = expected
        self.found = found


class InvalidChange(OnboardingError):
    """A change that makes no sense; ``problems`` are (field path, message) pairs."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))
        self.problems = tuple(problems)


class NothingToCallOff(OnboardingError):
    """The store does not wait to be forgotten."""


class UnknownKey(OnboardingError):
    """No API key of this id."""


class LicenceError(OnboardingError):
    """A discount licence cannot be changed as asked."""


class UnknownLicence(LicenceError):
    """The store has no licence of this id."""


class LicenceKnown(LicenceError):
    """A licence of this authority and number is on record already, with other words."""

    def __init__(self, licence_id: UUID, number: str) -> None:
        super().__init__(f"licence {number} is on record as {licence_id} with other words")


class LicenceGone(LicenceError):
    """The licence was revoked."""


class InstallError(OnboardingError):
    """Connecting a store did not work out."""


class StateRefused(InstallError):
    """The state is expired, or belongs to another browser."""


class CodeRefused(InstallError):
    """Salla refused the one-time code, or it was used before."""


class ConsentDenied(InstallError):
    """The merchant did not give consent, or Salla reported another error to the callback."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(description or error)
        self.error = error


class InstallInterrupted(InstallError):
    """The exchange began earlier and its end was never seen."""


class ScopeMissing(InstallError):
    """Salla granted too little to work with; the message is Salla's."""


class ForeignToken(InstallError):
    """The tokens belong to another store than the message said."""


class StaleInstall(InstallError):
    """A newer authorisation, or a later uninstall, is known already."""


class SallaError(OnboardingError):
    """The answer, or the silence, of Salla."""


class SallaUnreachable(SallaError):
    """The connection failed before anything was sent."""


class SallaUncertain(SallaError):
    """Something was sent and no clear answer came: a timeout, a cut, a server error."""


class SallaBusy(SallaError):
    """Too many requests; nothing was processed."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Salla asks to wait {retry_after:g} s")
        self.retry_after = retry_after


class SallaRefused(SallaError):
    """Salla said no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class SallaUnauthorized(SallaRefused):
    """The Merchant API refused the access token, or its scopes."""


class SallaMalformed(SallaError):
    """An answer that cannot be read as what it should be."""


class ClientMisconfigured(OnboardingError):
    """Salla does not accept our client id and secret; no merchant is to blame."""


class WebhookError(OnboardingError):
    """A webhook that cannot be taken in."""


class WebhookForged(WebhookError):
    """The signature or token is missing or wrong."""


class WebhookMalformed(WebhookError):
    """The body is not a Salla event."""


class WebhookTooOld(WebhookError):
    """The provider's time is too long ago to be a first delivery."""
