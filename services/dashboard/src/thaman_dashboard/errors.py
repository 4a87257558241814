"""What can go wrong in the read models and in what the dashboard itself keeps.

::

    DashboardError
    ├── LastOwner        a store would be left without an owner
    ├── SpentInvitation  an invitation that was accepted, revoked, has expired, or never was
    ├── SpentLink        a login link that was used already, has expired, or never was
    └── UnknownPerson    a store has no such person
"""


class DashboardError(Exception):
    """The root of the dashboard's errors."""


class SpentLink(DashboardError):
    """A login link that opens nothing. The message does not tell which of the reasons it is: a stranger may ask."""

    def __init__(self) -> None:
        super().__init__("the login link was used already, has expired, or never was; ask for a new one")


class SpentInvitation(DashboardError):
    """An invitation that opens nothing; as with links, the message does not tell which of the reasons it is."""

    def __init__(self) -> None:
        super().__init__("the invitation was accepted, revoked, has expired, or never was; ask for a new one")


class UnknownPerson(DashboardError):
    """The store has no such person."""


class LastOwner(DashboardError):
    """The store would be left without an owner, so nobody could let anybody in."""

    def __init__(self) -> None:
        super().__init__("the last owner of a store stays its owner; make somebody else one first")
