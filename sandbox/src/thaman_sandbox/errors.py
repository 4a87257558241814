"""Everything that goes wrong inside the sandbox, as one tree.

SandboxError
├── ControlError                 a wrong request to the control API
│   ├── UnknownStore · UnknownProduct · UnknownOrder · UnknownShopItem
│   ├── NoAppConfigured
│   └── ControlRefused
├── SallaRefusal                 what Salla's Merchant API refuses
│   ├── TokenInvalid · UserDeleted · UserInactive · ScopeMissing      (the 401 family)
│   ├── NotFound · WrongMethod · NotAllowed · FieldsInvalid · BadBody
│   └── TooManyRequests
├── OAuthError                   what the OAuth server refuses, in OAuth's own words
│   └── BadClient · BadRedirect  shown as a page: there is no address to send the browser back to
└── ConnectionCut                a fault: the answer never leaves
"""


class SandboxError(Exception):
    """Root of all errors of this package."""


class ControlError(SandboxError):
    """A request to the control API that cannot be done; the text says why and what to do."""


class UnknownStore(ControlError):
    """No store has this id."""


class UnknownProduct(ControlError):
    """The store has no product or variant with this id."""


class UnknownOrder(ControlError):
    """The store has no order with this id."""


class UnknownShopItem(ControlError):
    """No competitor shop, or no item of it, has this name."""


class NoAppConfigured(ControlError):
    """An app event or an installation was asked for, but no app is registered."""


class ControlRefused(ControlError):
    """The request is understood but makes no sense in the present state."""


class SallaRefusal(SandboxError):
    """The Merchant API refuses a call."""


class TokenInvalid(SallaRefusal):
    """The access token is unknown, expired or revoked."""


class UserDeleted(SallaRefusal):
    """The user who authorised the app no longer exists."""


class UserInactive(SallaRefusal):
    """The user who authorised the app is not active."""


class ScopeMissing(SallaRefusal):
    """The token lacks every one of ``scopes``."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__(",".join(scopes))
        self.scopes = scopes


class NotFound(SallaRefusal):
    """The addressed thing does not exist in this store."""


class WrongMethod(SallaRefusal):
    """The path exists, but not with this method."""


class NotAllowed(SallaRefusal):
    """The app may not do this."""


class BadBody(SallaRefusal):
    """The body is not a JSON object."""


class FieldsInvalid(SallaRefusal):
    """Fields are missing or wrong; ``fields`` maps dotted paths to messages."""

    def __init__(
        self, fields: dict[str, list[str]], code: str = "error", message: str = "alert.invalid_fields"
    ) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
        self.code = code
        self.message = message


class TooManyRequests(SallaRefusal):
    """The store's request budget is used up; try again after ``retry_after`` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class OAuthError(SandboxError):
    """An OAuth refusal: ``code`` is the protocol's error word."""

    def __init__(self, code: str, description: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = status
        """Only where the sandbox has a switch for the status; else the door's table decides."""


class BadClient(OAuthError):
    """The authorise request names a client that is not registered."""


class BadRedirect(OAuthError):
    """The authorise request names a redirect address that is not registered."""


class ConnectionCut(SandboxError):
    """The connection must be closed without an answer."""
