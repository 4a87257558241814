"""The finer kinds of Salla's refusals that reading and writing prices tell apart.

::

    SallaError                       (errors.py)
    ├── SallaUnreachable             nothing was sent
    ├── SallaUncertain               sent, outcome unknown: a timeout, a cut connection
    │   └── SallaTrouble             5xx
    ├── SallaBusy                    429
    │   └── BudgetSpent              we did not even ask: the store's share of this minute is used up
    └── SallaRefused                 nothing was done
        ├── SallaUnauthorized        401
        ├── SallaBlocked             403, or an earlier 403 that still holds
        ├── SallaGone                404, 410
        └── FieldsRefused            422; names the fields
"""

from collections.abc import Mapping

from thaman_onboarding.errors import SallaBusy, SallaRefused, SallaUncertain


class SallaTrouble(SallaUncertain):
    """Salla answered with a server error; whether a write took effect is unknown."""


class BudgetSpent(SallaBusy):
    """The store's requests of this minute are used up, but for what is left to its other apps."""


class SallaBlocked(SallaRefused):
    """Salla does not let us in for a while, or not at all; asking more makes it worse."""


class SallaGone(SallaRefused):
    """What was asked for is not there (any more)."""


class FieldsRefused(SallaRefused):
    """Salla found fault with the fields of a request."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(status, code, message)
        self.fields = dict(fields)
