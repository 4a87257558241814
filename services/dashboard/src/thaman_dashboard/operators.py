"""Operators of the installation: their way in, and the little they do from pages. None of it acts as a merchant."""

import secrets
from datetime import datetime, timedelta

from thaman_dashboard.operator_ports import OperatorState, SystemOwner
from thaman_dashboard.operator_views import LogLine, OperatorDeed, OperatorSession, StoreLine, Totals
from thaman_dashboard.patience import until
from thaman_dashboard.ports import ReadModels
from thaman_dashboard.sign_in import LINK_LIVES, LONGEST_AGENT, LONGEST_SECRET, NewLink, SignIn, hash_of
from thaman_dashboard.views import Page, Role, SystemView
from thaman_kit.clock import Clock

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)


class Operators:
    """What an operator can see and do. What is done is written down first."""

    def __init__(
        self,
        state: OperatorState,
        system: SystemOwner,
        read_models: ReadModels,
        sign_in: SignIn,
        clock: Clock,
        patience: float,
    ) -> None:
        """``patience`` is how many seconds a command waits for the read models."""
        self._state = state
        self._system = system
        self._read_models = read_models
        self._sign_in = sign_in
        self._clock = clock
        self._patience = patience

    def make_link(self, key_id: str) -> NewLink:
        """A link that opens one session of whoever holds an operator's key."""
        token, expires_at = secrets.token_urlsafe(32), self._clock.now() + LINK_LIVES
        self._state.add_link(hash_of(token), key_id, expires_at)
        return NewLink(token, expires_at)

    def look(self, token: str) -> datetime | None:
        """When a link ends; ``None`` where it opens nothing. It stays unspent."""
        return self._state.link(hash_of(token), self._clock.now()) if len(token) <= LONGEST_SECRET else None

    def enter(self, token: str, agent: str | None) -> str:
        """Spend a link; gives the secret id of a new operator's session.

        Raises:
            SpentLink: it opens nothing.
        """
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        named = agent[:LONGEST_AGENT] if agent else None
        session = OperatorSession(hash_of(secret), "", now, now, now + LONGEST, named, secrets.token_urlsafe(32))
        self._state.use_link(hash_of(token), session)
        return secret

    def session(self, secret: str | None) -> OperatorSession | None:
        """The session that a browser's id names; ``None`` where it has ended, never was, or its key was revoked."""
        if not secret or len(secret) > LONGEST_SECRET:
            return None
        return self._state.session(hash_of(secret), self._clock.now(), IDLE)

    def leave(self, secret: str | None) -> None:
        """End the session that a browser's id names, if there is one."""
        if secret and len(secret) <= LONGEST_SECRET:
            self._state.end_session(hash_of(secret))

    def stores(self, search: str | None, after: str | None, limit: int) -> Page[StoreLine]:
        """All stores by their number."""
        return self._state.stores(search, after, limit)

    def totals(self) -> Totals:
        """The stores taken together."""
        return self._state.totals()

    def system(self) -> SystemView:
        """The installation."""
        return self._read_models.system()

    def log(self, after: str | None, limit: int) -> Page[LogLine]:
        """What operators did, newest first."""
        return self._state.log(after, limit)

    def stop(self, session: OperatorSession, *, stopped: bool) -> bool:
        """Stop all writing of all stores, or allow it again; whether the pages show it already.

        Raises:
            OwnerError: onboarding refused, is away, or nobody knows.
        """
        deed = OperatorDeed.STOP if stopped else OperatorDeed.RESUME
        self._state.note(session, self._clock.now(), deed, None, None)
        self._system.stop(stopped=stopped)
        return until(lambda: self._read_models.system().stopped is stopped, self._patience)

    def link_to(self, session: OperatorSession, store_id: str, role: Role) -> NewLink:
        """A link that signs a person of a store in.

        Raises:
            UnknownStore: there is no such store to sign in to.
        """
        made = self._sign_in.make_link(store_id, role)
        self._state.note(session, self._clock.now(), OperatorDeed.LINK, store_id, role.value)
        return made
