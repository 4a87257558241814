"""People as pages show them. Names and contacts are what a person wrote, or whoever invited them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thaman_dashboard.views import Role


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person of one store. ``seen_at`` is when one of their sessions was used last; ``None`` without a session."""

    person_id: UUID
    name: str | None
    contact: str | None
    role: Role
    from_salla: bool
    since: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation that would still be accepted; ``name`` is whom it is meant for."""

    invitation_id: UUID
    store_id: str
    role: Role
    name: str | None
    inviter: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """One of a person's stores."""

    store_id: str
    name: str
    role: Role
