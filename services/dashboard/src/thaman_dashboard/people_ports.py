"""What people and their sessions need of the world; :mod:`thaman_dashboard.adapters.people` provides it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thaman_dashboard.people_views import InvitationView, MemberView, StoreChoice
from thaman_dashboard.views import Role, SessionView


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to be kept; only the hash of what opens it is."""

    hash: bytes
    invitation_id: UUID
    store_id: str
    role: Role
    name: str | None
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class PeopleState(Protocol):
    """People, what they belong to, and their sessions. Hashes are SHA-256 of the secrets."""

    def members(self, store_id: str, now: datetime) -> tuple[MemberView, ...]:
        """A store's people, owners first, then by when they came."""

    def stores(self, person_id: UUID) -> tuple[StoreChoice, ...]:
        """A person's stores, by name."""

    def contact(self, person_id: UUID) -> str | None:
        """How a person said they can be reached."""

    def describe(self, person_id: UUID, name: str | None, contact: str | None) -> None:
        """Keep what a person says of themselves."""

    def change_role(self, store_id: str, person_id: UUID, role: Role) -> None:
        """Change a person's role at a store; who is no owner any more takes their invitations along.

        Raises:
            UnknownPerson: the store has no such person.
            LastOwner: the store would be without an owner.
        """

    def remove(self, store_id: str, person_id: UUID) -> None:
        """Take a person from a store, with their sessions there and their invitations to it; a person without any store
        is gone.

        Raises:
            UnknownPerson: the store has no such person.
            LastOwner: the store would be without an owner.
        """

    def invite(self, invitation: Invitation) -> None:
        """Keep an invitation until somebody accepts it."""

    def invitations(self, store_id: str, now: datetime) -> tuple[InvitationView, ...]:
        """A store's invitations that would still be accepted, newest first."""

    def invitation(self, invitation_hash: bytes, now: datetime) -> InvitationView | None:
        """What an invitation would open; looking does not spend it."""

    def revoke(self, store_id: str, invitation_id: UUID) -> bool:
        """Take an invitation back; whether there was one."""

    def accept(
        self, invitation_hash: bytes, session: SessionView, name: str | None, contact: str | None
    ) -> SessionView:
        """Spend an invitation at ``session.created_at`` and open a session at its store, both or neither.

        The session's person gets the store; without one a person is made, of ``name`` and ``contact``. Who belongs to
        the store already keeps the higher role.

        Raises:
            SpentInvitation: it was accepted, revoked, has expired, or never was.
        """

    def move(self, session_hash: bytes, store_id: str, session: SessionView) -> SessionView | None:
        """End a session and open ``session`` for the same person at another of their stores; ``None`` where the person
        has no such store, and nothing is done."""

    def sessions(self, person_id: UUID, now: datetime, since: datetime) -> tuple[SessionView, ...]:
        """A person's sessions that have not ended and were used after ``since``, last seen first."""

    def end_own(self, person_id: UUID, session_hash: bytes) -> bool:
        """End one session of a person; whether there was one."""

    def end_others(self, person_id: UUID, session_hash: bytes) -> int:
        """End all sessions of a person but one; gives how many."""

    def salla_person(self, store_id: str, salla_user: str, role: Role, now: datetime) -> MemberView | None:
        """The person whom Salla knows by an id, at a store; made, or let into it with ``role``, where they were not.
        ``None``: an owner of the store removed them."""
