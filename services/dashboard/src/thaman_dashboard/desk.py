"""Everything that the endpoints are given."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from thaman_dashboard.application import Commands
from thaman_dashboard.owner_ports import Owners
from thaman_dashboard.pages.render import Pages
from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.sign_in import SignIn
from thaman_dashboard.visits import SessionCookie
from thaman_kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts behind the pages."""

    public_url: str
    read_models: ReadModels
    own: OwnState
    owners: Owners
    sign_in: SignIn
    commands: Commands
    pages: Pages
    cookie: SessionCookie
    clock: Clock


def make_desk(
    public_url: str, read_models: ReadModels, own: OwnState, owners: Owners, clock: Clock, patience: float
) -> Desk:
    """The parts on top of what the adapters give."""
    cookie = SessionCookie(public_url)
    return Desk(
        public_url=public_url,
        read_models=read_models,
        own=own,
        owners=owners,
        sign_in=SignIn(own, read_models, clock),
        commands=Commands(owners, own, read_models, clock, patience),
        pages=Pages(clock, secure=cookie.secure),
        cookie=cookie,
        clock=clock,
    )


def desk_of(request: Request) -> Desk:
    """The desk that the application was built with."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
