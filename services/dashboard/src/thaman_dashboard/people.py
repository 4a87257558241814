"""People of a store: roles, invitations, their sessions, and the way between their stores."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from thaman_dashboard.people_ports import Invitation, PeopleState
from thaman_dashboard.people_views import InvitationView, MemberView, StoreChoice
from thaman_dashboard.permissions import Deed, may, require
from thaman_dashboard.ports import OwnState
from thaman_dashboard.sign_in import IDLE, fresh_session, hash_of
from thaman_dashboard.views import Role, SessionView
from thaman_kit.clock import Clock

INVITATION_LIVES = timedelta(days=7)
LONGEST_NAME = 80
LONGEST_CONTACT = 120


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation as it is passed on, once."""

    token: str
    role: Role
    name: str | None
    expires_at: datetime


class People:
    """What a session can do about people. Methods that take a session act on its store and no other.

    Raises (those that change other people):
        NotAllowed: the role does not permit it; nothing was done.
    """

    def __init__(self, state: PeopleState, own: OwnState, clock: Clock) -> None:
        self._state = state
        self._own = own
        self._clock = clock

    def members(self, session: SessionView) -> tuple[MemberView, ...]:
        """The store's people."""
        require(session.role, Deed.PEOPLE)
        return self._state.members(session.store_id, self._clock.now())

    def stores(self, session: SessionView) -> tuple[StoreChoice, ...]:
        """The stores of the session's person."""
        return self._state.stores(whose(session))

    def change_role(self, session: SessionView, person_id: UUID, role: Role) -> None:
        """Give a person of the store another role; it holds from their next request on.

        Raises:
            UnknownPerson: the store has no such person.
            LastOwner: the store would be without an owner.
        """
        require(session.role, Deed.PEOPLE)
        self._state.change_role(session.store_id, person_id, role)

    def remove(self, session: SessionView, person_id: UUID) -> None:
        """Take a person from the store; their sessions here end at once.

        Raises:
            UnknownPerson: the store has no such person.
            LastOwner: the store would be without an owner.
        """
        require(session.role, Deed.PEOPLE)
        self._state.remove(session.store_id, person_id)

    def describe(self, session: SessionView, name: str, contact: str) -> None:
        """Keep what the session's person says of themselves; an empty text is none."""
        self._state.describe(whose(session), _text(name, LONGEST_NAME), _text(contact, LONGEST_CONTACT))

    def contact(self, session: SessionView) -> str | None:
        """How the session's person said they can be reached."""
        return self._state.contact(whose(session))

    def invite(self, session: SessionView, role: Role, name: str) -> NewInvitation:
        """An invitation to the store, for whoever has its link."""
        require(session.role, Deed.PEOPLE)
        token, now, meant = secrets.token_urlsafe(32), self._clock.now(), _text(name, LONGEST_NAME)
        made = Invitation(
            hash_of(token), uuid4(), session.store_id, role, meant, whose(session), now, now + INVITATION_LIVES
        )
        self._state.invite(made)
        return NewInvitation(token, role, meant, made.expires_at)

    def invitations(self, session: SessionView) -> tuple[InvitationView, ...]:
        """The store's invitations that wait."""
        require(session.role, Deed.PEOPLE)
        return self._state.invitations(session.store_id, self._clock.now())

    def revoke(self, session: SessionView, invitation_id: UUID) -> bool:
        """Take an invitation back; whether it still waited."""
        require(session.role, Deed.PEOPLE)
        return self._state.revoke(session.store_id, invitation_id)

    def look(self, token: str) -> InvitationView | None:
        """What an invitation would open; it stays unspent."""
        return self._state.invitation(hash_of(token), self._clock.now())

    def accept(self, token: str, session: SessionView | None, name: str, contact: str, agent: str | None) -> str:
        """Accept an invitation, as the session's person or as a new one; gives the secret id of a new session.

        Raises:
            SpentInvitation: it was accepted, revoked, has expired, or never was.
        """
        secret, fresh = fresh_session(self._clock.now(), agent)
        if session is not None:
            fresh = replace(fresh, person_id=whose(session))
        self._state.accept(hash_of(token), fresh, _text(name, LONGEST_NAME), _text(contact, LONGEST_CONTACT))
        return secret

    def switch(self, session: SessionView, store_id: str) -> str | None:
        """Go on at another store of the session's person; gives the secret id of the session that takes this one's
        place, ``None`` where the person has no such store."""
        secret, fresh = fresh_session(self._clock.now(), session.agent)
        # The age is the sign-in's: going from store to store does not make it young again.
        fresh = replace(fresh, created_at=session.created_at, ends_at=session.ends_at)
        return secret if self._state.move(session.hash, store_id, fresh) is not None else None

    def sessions(self, session: SessionView) -> tuple[SessionView, ...]:
        """The sessions of the session's person, at whichever store."""
        now = self._clock.now()
        return self._state.sessions(whose(session), now, now - IDLE)

    def sessions_of_store(self, session: SessionView) -> tuple[SessionView, ...]:
        """Other people's sessions at the store; none for who may not see them."""
        if not may(session.role, Deed.PEOPLE):
            return ()
        now = self._clock.now()
        found = self._own.sessions(session.store_id, now)
        return tuple(one for one in found if one.person_id != whose(session) and one.seen_at > now - IDLE)

    def end_session(self, session: SessionView, session_hash: bytes) -> bool:
        """End a session of the person's own or, as an owner, any of the store's; whether there was one."""
        if self._state.end_own(whose(session), session_hash):
            return True
        require(session.role, Deed.PEOPLE)
        return self._own.end_session(session.store_id, session_hash)

    def end_others(self, session: SessionView) -> int:
        """End all sessions of the person but this one; gives how many."""
        return self._state.end_others(whose(session), session.hash)


def whose(session: SessionView) -> UUID:
    """The person of a session that is stored."""
    assert session.person_id is not None, "a stored session is somebody's"
    return session.person_id


def _text(given: str, longest: int) -> str | None:
    return " ".join(given.replace("\0", "").split())[:longest] or None
