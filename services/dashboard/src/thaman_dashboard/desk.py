"""Everything that the endpoints are given."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from thaman_dashboard.analytics_ports import AnalyticsRows
from thaman_dashboard.answering import ApprovalParts
from thaman_dashboard.application import Commands
from thaman_dashboard.arrivals import Arrivals
from thaman_dashboard.audit_ports import AuditDesk
from thaman_dashboard.embedded import Embedded
from thaman_dashboard.inquiring import InquiryParts
from thaman_dashboard.live import LiveParts
from thaman_dashboard.notifications import Notifications
from thaman_dashboard.operators import Operators
from thaman_dashboard.owner_ports import Owners
from thaman_dashboard.pages.render import Pages
from thaman_dashboard.people import People
from thaman_dashboard.policies_ports import KeyOwners, LicenceOwners, PolicyOwners
from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.product_desk import ProductDesk
from thaman_dashboard.run_ports import RunParts
from thaman_dashboard.settings_ports import SettingsOwners
from thaman_dashboard.sign_in import SignIn
from thaman_dashboard.visits import SessionCookie
from thaman_kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts behind the pages."""

    public_url: str
    onboarding_public_url: str | None
    read_models: ReadModels
    own: OwnState
    owners: Owners
    settings_owners: SettingsOwners
    policy_owners: PolicyOwners
    licence_owners: LicenceOwners
    key_owners: KeyOwners
    notifications: Notifications
    sign_in: SignIn
    people: People
    arrivals: Arrivals
    embedded: Embedded | None
    operators: Operators
    operator_cookie: SessionCookie
    commands: Commands
    approvals: ApprovalParts
    inquiries: InquiryParts
    live: LiveParts
    runs: RunParts
    audit: AuditDesk
    analytics: AnalyticsRows
    products: ProductDesk
    pages: Pages
    cookie: SessionCookie
    clock: Clock


def desk_of(request: Request) -> Desk:
    """The desk that the application was built with."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
