"""What the dashboard itself knows: links that open once, sessions that end."""

import threading
from datetime import timedelta

import pytest

from thaman_dashboard.bootstrap import Container
from thaman_dashboard.errors import SpentLink
from thaman_dashboard.testing import NOW
from thaman_dashboard.views import Role, SessionView
from thaman_kit.clock import ManualClock

STORE, OTHER = "77", "78"
IDLE = timedelta(hours=12)
SOON = NOW + timedelta(minutes=15)


def session(name: bytes, minutes: int = 0) -> SessionView:
    at = NOW + timedelta(minutes=minutes)
    return SessionView(name, "", Role.VIEWER, at, at, at + timedelta(days=7), "Firefox", "token")


def test_a_link_opens_one_session_of_its_own_store_and_role(container: Container) -> None:
    own = container.own
    own.add_link(b"link", STORE, Role.APPROVER, SOON)
    for _ in range(2):
        seen = own.link(b"link", NOW)
        assert seen is not None
        assert (seen.store_id, seen.role) == (STORE, Role.APPROVER), "looking does not spend it"
    opened = own.use_link(b"link", session(b"one"))
    assert (opened.store_id, opened.role, opened.csrf, opened.agent) == (STORE, Role.APPROVER, "token", "Firefox")
    assert own.session(b"one", NOW, IDLE) == opened
    with pytest.raises(SpentLink):
        own.use_link(b"link", session(b"two"))
    assert own.link(b"link", NOW) is None
    assert own.session(b"two", NOW, IDLE) is None


def test_a_link_expires_and_one_that_never_was_opens_nothing(container: Container) -> None:
    own = container.own
    own.add_link(b"link", STORE, Role.OWNER, SOON)
    assert own.link(b"link", SOON) is None
    for link, at in ((b"link", 15), (b"other", 0)):
        with pytest.raises(SpentLink):
            own.use_link(link, session(b"one", at))
    assert own.sessions(STORE, NOW) == ()


def test_of_many_who_use_a_link_at_once_one_gets_in(container: Container) -> None:
    container.own.add_link(b"link", STORE, Role.OWNER, SOON)
    opened: list[bytes] = []
    start = threading.Barrier(4)

    def use(name: bytes) -> None:
        start.wait()
        try:
            opened.append(container.own.use_link(b"link", session(name)).hash)
        except SpentLink:
            return

    threads = [threading.Thread(target=use, args=(bytes([number]),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert [one.hash for one in container.own.sessions(STORE, NOW)] == opened


def test_a_session_ends_when_nobody_uses_it_and_after_its_time(
    container: Container, dashboard_clock: ManualClock
) -> None:
    own = container.own
    for name, store in ((b"one", STORE), (b"two", STORE), (b"three", OTHER)):
        own.add_link(name, store, Role.OWNER, SOON)
        own.use_link(name, session(name))
    for hours in (11, 22, 33):
        assert own.session(b"one", NOW + timedelta(hours=hours), IDLE) is not None, "each use keeps it"
    assert own.session(b"two", NOW + timedelta(hours=12), IDLE) is None
    assert own.session(b"one", NOW + timedelta(days=7), timedelta(days=30)) is None
    assert [one.hash for one in own.sessions(STORE, NOW)] == [b"one", b"two"], "last seen first"
    assert own.end_session(OTHER, b"one") is False, "a store ends no session of another"
    assert (own.end_session(STORE, b"one"), own.end_session(STORE, b"one")) == (True, False)
    assert own.session(b"one", NOW + timedelta(hours=34), IDLE) is None
    dashboard_clock.set(NOW + timedelta(days=7))
    assert container.clean() == 3 + 2, "three links, two sessions"
    assert own.sessions(OTHER, NOW) == ()
