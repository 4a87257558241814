"""Signing in by one-time link, and the sessions that come of it.

The browser's secrets (a link's token, a session's id) are random and stored only as SHA-256.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.views import LinkView, Role, SessionView
from thaman_kit.clock import Clock

LINK_LIVES = timedelta(minutes=15)
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
LONGEST_SECRET = 100
LONGEST_AGENT = 200


class UnknownStore(Exception):
    """No such store was ever heard of, or it was forgotten."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it is handed to a person, once."""

    token: str
    expires_at: datetime


class SignIn:
    """Makes links, spends them, and knows whose a session is."""

    def __init__(self, own: OwnState, read_models: ReadModels, clock: Clock) -> None:
        self._own = own
        self._read_models = read_models
        self._clock = clock

    def make_link(self, store_id: str, role: Role, person_id: UUID | None = None) -> NewLink:
        """A link that opens one session of a store: of a person of the store, or of whom such links mean there.

        Raises:
            UnknownStore: there is no such store to sign in to.
        """
        store = self._read_models.store(store_id)
        if store is None or store.forgotten:
            raise UnknownStore(store_id)
        token = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + LINK_LIVES
        self._own.add_link(hash_of(token), store_id, role, expires_at, person_id)
        return NewLink(token, expires_at)

    def look(self, token: str) -> LinkView | None:
        """What a link would open; it stays unspent, so that a scanner of messages does not spend it."""
        return self._own.link(hash_of(token), self._clock.now())

    def enter(self, token: str, agent: str | None) -> str:
        """Spend a link; gives the new session's secret id, which only the browser keeps.

        Raises:
            SpentLink: it was used already, has expired, or never was.
        """
        secret, session = fresh_session(self._clock.now(), agent)
        self._own.use_link(hash_of(token), session)
        return secret

    def session(self, secret: str | None, *, is_use: bool = True) -> SessionView | None:
        """Whose session a browser's id names; ``None`` where it has ended or never was.

        ``is_use``: a person asks, so the session goes on; what an open page asks by itself keeps none alive.
        """
        if not secret or len(secret) > LONGEST_SECRET:
            return None
        return self._own.session(hash_of(secret), self._clock.now(), IDLE, is_use=is_use)

    def is_open(self, session: SessionView) -> bool:
        """Whether a session still goes on at its store; looking is no use of it."""
        now = self._clock.now()
        going_on = self._own.sessions(session.store_id, now)
        return any(one.hash == session.hash and now - one.seen_at < IDLE for one in going_on)

    def leave(self, secret: str | None) -> None:
        """End the session that a browser's id names, if there is one."""
        session = self.session(secret)
        if session is not None:
            self._own.end_session(session.store_id, session.hash)


def fresh_session(now: datetime, agent: str | None) -> tuple[str, SessionView]:
    """A new session's secret id, which only the browser keeps, and the session before it is stored: whose it is, of
    which store and as what, whoever stores it says."""
    secret = secrets.token_urlsafe(32)
    session = SessionView(
        hash=hash_of(secret),
        store_id="",
        role=Role.VIEWER,
        created_at=now,
        seen_at=now,
        ends_at=now + LONGEST,
        agent=agent[:LONGEST_AGENT] if agent else None,
        csrf=secrets.token_urlsafe(32),
    )
    return secret, session


def hash_of(secret: str) -> bytes:
    """What is stored of a secret; it has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
