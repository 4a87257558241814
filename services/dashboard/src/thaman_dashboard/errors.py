"""What can go wrong in the read models and in what the dashboard itself keeps.

::

    DashboardError
    ├── LastOwner         a store would be left without an owner
    ├── SpentInvitation   an invitation that was accepted, revoked, has expired, or never was
    ├── SpentLink         a login link that was used already, has expired, or never was
    ├── TooManyInquiries  enough long questions wait for their answer
    └── UnknownPerson     a store has no such person
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


class TooManyInquiries(DashboardError):
    """Enough questions over which owners work for long wait for their answer; one more would only wait, too."""

    def __init__(self) -> None:
        super().__init__("enough long questions are open already; ask again when one of them is answered")
