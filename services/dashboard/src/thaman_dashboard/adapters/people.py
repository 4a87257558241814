"""People, what they belong to, invitations, and the sessions of one person.

Who changes a store's people holds that store's lock, so that of two owners who remove each other one stays.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from thaman_dashboard.adapters.showing import session_of, shown
from thaman_dashboard.errors import LastOwner, SpentInvitation, UnknownPerson
from thaman_dashboard.people_ports import Invitation
from thaman_dashboard.people_views import InvitationView, MemberView, StoreChoice
from thaman_dashboard.views import Role, SessionView
from thaman_kit.database import Database, load_queries

_queries = partial(load_queries, "thaman_dashboard", "adapters/people.sql")


class PeopleTables:
    """Implements :class:`thaman_dashboard.people_ports.PeopleState`. Blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def members(self, store_id: str, now: datetime) -> tuple[MemberView, ...]:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        rows = self._all("members", store_id=store_id, now=now, person_id=None)
        return tuple(shown(MemberView, row, role=Role(row["role"])) for row in rows)

    def stores(self, person_id: UUID) -> tuple[StoreChoice, ...]:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        rows = self._all("stores", person_id=person_id)
        return tuple(shown(StoreChoice, row, role=Role(row["role"])) for row in rows)

    def contact(self, person_id: UUID) -> str | None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return next((row["contact"] for row in self._all("contact", person_id=person_id)), None)

    def describe(self, person_id: UUID, name: str | None, contact: str | None) -> None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        self._run("describe", person_id=person_id, name=name, contact=contact)

    def change_role(self, store_id: str, person_id: UUID, role: Role) -> None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        with self._alone(store_id) as cursor:
            self._check_last(cursor, store_id, person_id, stays=role is Role.OWNER)
            of = {"store_id": store_id, "person_id": person_id}
            _do(cursor, "set_role", **of, role=role.value)
            if role is not Role.OWNER:
                _do(cursor, "drop_invitations", **of)

    def remove(self, store_id: str, person_id: UUID) -> None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        with self._alone(store_id) as cursor:
            self._check_last(cursor, store_id, person_id, stays=False)
            of = {"store_id": store_id, "person_id": person_id}
            for step in ("bar", "drop_invitations", "drop_sessions", "drop_links", "drop_membership"):
                _do(cursor, step, **of)
            _do(cursor, "drop_lonely", person_id=person_id)

    def invite(self, invitation: Invitation) -> None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        self._run("invite", **asdict(invitation) | {"role": invitation.role.value})

    def invitations(self, store_id: str, now: datetime) -> tuple[InvitationView, ...]:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return tuple(_invitation(row) for row in self._all("invitations", store_id=store_id, now=now))

    def invitation(self, invitation_hash: bytes, now: datetime) -> InvitationView | None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return next((_invitation(row) for row in self._all("invitation", hash=invitation_hash, now=now)), None)

    def revoke(self, store_id: str, invitation_id: UUID) -> bool:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return self._run("revoke", store_id=store_id, invitation_id=invitation_id) > 0

    def accept(
        self, invitation_hash: bytes, session: SessionView, name: str | None, contact: str | None
    ) -> SessionView:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        at = session.created_at
        with self._database.transaction() as cursor:
            # The store's lock comes before any row's, as where a store is forgotten.
            known = _do(cursor, "invited_to", hash=invitation_hash).fetchone()
            if known is not None:
                lock_store(cursor, known["store_id"])
            spent = _do(cursor, "spend_invitation", hash=invitation_hash, now=at).fetchone()
            if spent is None:
                raise SpentInvitation
            store_id, person_id = spent["store_id"], session.person_id
            if person_id is None:
                person_id = add_person(cursor, at, name=name, contact=contact)
            join(cursor, store_id, person_id, spent["role"], at)
            _do(cursor, "unbar", store_id=store_id, person_id=person_id)
            return open_session(cursor, session, store_id, person_id)

    def move(self, session_hash: bytes, store_id: str, session: SessionView) -> SessionView | None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        if not store_id or "\0" in store_id:
            return None
        with self._database.transaction() as cursor:
            before = _do(cursor, "opened", hash=session_hash).fetchone()
            if before is None:
                return None
            person_id = before["person_id"]
            if _do(cursor, "role", store_id=store_id, person_id=person_id).fetchone() is None:
                return None
            _do(cursor, "end_session", hash=session_hash)
            return open_session(cursor, session, store_id, person_id)

    def sessions(self, person_id: UUID, now: datetime, since: datetime) -> tuple[SessionView, ...]:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return tuple(session_of(row) for row in self._all("sessions", person_id=person_id, now=now, since=since))

    def end_own(self, person_id: UUID, session_hash: bytes) -> bool:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return self._run("end_own", person_id=person_id, hash=session_hash) > 0

    def end_others(self, person_id: UUID, session_hash: bytes) -> int:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        return self._run("end_others", person_id=person_id, hash=session_hash)

    def salla_person(self, store_id: str, salla_user: str, role: Role, now: datetime) -> MemberView | None:
        """See :class:`~thaman_dashboard.people_ports.PeopleState`."""
        with self._alone(store_id) as cursor:
            _do(cursor, "lock_salla_user", salla_user=salla_user)
            if _do(cursor, "is_barred", store_id=store_id, salla_user=salla_user).fetchone() is not None:
                return None
            known = _do(cursor, "known_to_salla", salla_user=salla_user).fetchone()
            person_id = add_person(cursor, now, salla_user=salla_user) if known is None else known["person_id"]
            if _do(cursor, "role", store_id=store_id, person_id=person_id).fetchone() is None:
                join(cursor, store_id, person_id, role.value, now)
            row = _do(cursor, "members", store_id=store_id, now=now, person_id=person_id).fetchone()
            assert row is not None, "the person was let in a line before"
            return shown(MemberView, row, role=Role(row["role"]))

    def clean(self, now: datetime) -> int:
        """Remove invitations that have expired; gives how many."""
        return self._run("clean", now=now)

    def _check_last(self, cursor: Cursor[DictRow], store_id: str, person_id: UUID, *, stays: bool) -> None:
        of = {"store_id": store_id, "person_id": person_id}
        held = _do(cursor, "role", **of).fetchone()
        if held is None:
            raise UnknownPerson(str(person_id))
        if held["role"] == Role.OWNER and not stays and _do(cursor, "other_owner", **of).fetchone() is None:
            raise LastOwner

    @contextmanager
    def _alone(self, store_id: str) -> Iterator[Cursor[DictRow]]:
        with self._database.transaction() as cursor:
            lock_store(cursor, store_id)
            yield cursor

    def _all(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return self._database.fetch_all(_queries()[query], params)

    def _run(self, query: str, **params: Any) -> int:
        return self._database.execute(_queries()[query], params)


def lock_store(cursor: Cursor[DictRow], store_id: str) -> None:
    """Be the only one who changes a store's people, to the end of the transaction."""
    _do(cursor, "lock", store_id=store_id)


def linked_person(cursor: Cursor[DictRow], store_id: str, role: str, at: datetime) -> UUID:
    """Whom a link for a store and a role signs in; made where there is nobody yet. The store has to be locked."""
    found = _do(cursor, "linked", store_id=store_id, role=role).fetchone()
    if found is not None:
        person_id: UUID = found["person_id"]
        return person_id
    made = add_person(cursor, at)
    join(cursor, store_id, made, role, at, by_link=True)
    return made


def add_person(
    cursor: Cursor[DictRow],
    at: datetime,
    *,
    name: str | None = None,
    contact: str | None = None,
    salla_user: str | None = None,
) -> UUID:
    """Make a person."""
    person_id = uuid4()
    _do(cursor, "add_person", person_id=person_id, name=name, contact=contact, salla_user=salla_user, at=at)
    return person_id


def join(
    cursor: Cursor[DictRow], store_id: str, person_id: UUID, role: str, at: datetime, *, by_link: bool = False
) -> None:
    """Let a person belong to a store; who does already keeps the higher role."""
    _do(cursor, "join", store_id=store_id, person_id=person_id, role=role, by_link=by_link, at=at)


def open_session(cursor: Cursor[DictRow], session: SessionView, store_id: str, person_id: UUID) -> SessionView:
    """Open a session of a person at one of their stores."""
    _do(cursor, "open_session", **asdict(session) | {"store_id": store_id, "person_id": person_id})
    row = _do(cursor, "opened", hash=session.hash).fetchone()
    assert row is not None, "the person belongs to the store"
    return session_of(row)


def _do(cursor: Cursor[DictRow], query: str, **params: Any) -> Cursor[DictRow]:
    return cursor.execute(_queries()[query].encode(), params)


def _invitation(row: Mapping[str, Any]) -> InvitationView:
    return shown(InvitationView, row, role=Role(row["role"]))
