"""A list that is an owner's, while the owner is away: the page is there and says so, and what else can be done."""

from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import Desk
from thaman_dashboard.owner_ports import OwnerAway, OwnerUnsure
from thaman_dashboard.visits import Visit

AWAY = (OwnerAway, OwnerUnsure)
"""How an owner is away when only asked to tell something: nothing was changed either way."""


def away(request: Request, desk: Desk, visit: Visit, title: str) -> Response:
    """The page of a list that nobody can tell now; ``title`` is a text's key."""
    return desk.pages.show(request, "policies_away.html", visit=visit, title=title)
