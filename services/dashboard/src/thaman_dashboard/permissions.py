"""Which role may do what: a viewer reads, an approver also answers and stops, an owner does everything."""

from enum import StrEnum

from thaman_dashboard.views import Role


class Deed(StrEnum):
    """What a merchant can do from the pages."""

    ANSWER = "answer"
    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    SETTINGS = "settings"
    LIMITS = "limits"
    POLICIES = "policies"
    LICENCES = "licences"
    KEYS = "keys"
    NOTIFICATIONS = "notifications"
    UNDO = "undo"
    LINKS = "links"
    MATCHES = "matches"
    EXPORT = "export"
    PEOPLE = "people"


_ALLOWED = {
    Role.VIEWER: frozenset((Deed.NOTIFICATIONS,)),
    Role.APPROVER: frozenset((Deed.ANSWER, Deed.PAUSE, Deed.MATCHES, Deed.NOTIFICATIONS)),
    Role.OWNER: frozenset(Deed),
}


class NotAllowed(Exception):
    """The session's role does not permit this; nothing was done."""

    def __init__(self, role: Role, deed: Deed) -> None:
        super().__init__(f"a session of role {role} may not do this ({deed}); sign in with a link of a role that may")
        self.role = role
        self.deed = deed


def may(role: Role, deed: Deed) -> bool:
    """Whether ``role`` permits ``deed``."""
    return deed in _ALLOWED[role]


def require(role: Role, deed: Deed) -> None:
    """Go on only where ``role`` permits ``deed``.

    Raises:
        NotAllowed: it does not.
    """
    if not may(role, deed):
        raise NotAllowed(role, deed)
