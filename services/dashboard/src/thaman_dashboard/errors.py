"""What can go wrong in the read models and in what the dashboard itself keeps.

::

    DashboardError
    └── SpentLink      a login link that was used already, has expired, or never was
"""


class DashboardError(Exception):
    """The root of the dashboard's errors."""


class SpentLink(DashboardError):
    """A login link that opens nothing. The message does not tell which of the reasons it is: a stranger may ask."""

    def __init__(self) -> None:
        super().__init__("the login link was used already, has expired, or never was; ask for a new one")
