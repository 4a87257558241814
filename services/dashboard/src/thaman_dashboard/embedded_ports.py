"""What the page inside Salla's admin asks of Salla; :mod:`thaman_dashboard.adapters.introspection` asks it."""

from dataclasses import dataclass
from typing import Protocol


class BadEmbeddedToken(Exception):
    """Salla does not know the token, or not any more."""


class SallaSilent(Exception):
    """Salla could not say whose a token is."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom Salla shows the page to: a user of its admin, in one store."""

    store_id: str
    user_id: str


class Introspection(Protocol):
    """Whose a token is."""

    def guest(self, token: str) -> Guest:
        """Whom Salla gave the token to.

        Raises:
            BadEmbeddedToken: nobody, or it has expired.
            SallaSilent: Salla did not say.
        """
