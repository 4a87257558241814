"""What can go wrong in the read models and in what the dashboard itself keeps.

::

    DashboardError
    ├── BadCursor      a cursor that no page of ours gave out
    └── SpentLink      a login link that was used already, has expired, or never was
"""


class DashboardError(Exception):
    """The root of the dashboard's errors."""


class BadCursor(DashboardError):
    """A cursor that no page of ours gave out."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"{cursor!r} is no cursor of this list; begin again without one")


class SpentLink(DashboardError):
    """A login link that opens nothing. The message does not tell which of the reasons it is: a stranger may ask."""

    def __init__(self) -> None:
        super().__init__("the login link was used already, has expired, or never was; ask for a new one")
