"""People and what they may: roles, invitations, several stores, sessions; and that a forgotten store knows nobody."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from thaman_contracts.events import onboarding
from thaman_dashboard.errors import LastOwner, SpentInvitation
from thaman_dashboard.pages.devices import device
from thaman_dashboard.people_views import MemberView
from thaman_dashboard.testing_events import authorized, told
from thaman_dashboard.testing_pages import Browser, House, Markup, standing_house
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases

COMMANDS = ("/people/invitations", f"/people/invitations/{uuid4()}/revoke", f"/people/{uuid4()}/role",
            f"/people/{uuid4()}/remove")  # fmt: skip
OWN = ("/sessions/me", "/sessions/end", "/sessions/end-others", "/store")


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application; each test connects stores of its own."""
    with standing_house(postgres_server) as standing:
        yield standing


@pytest.fixture
def store(house: House, request: pytest.FixtureRequest) -> str:
    """A store of one test alone."""
    store_id = str(1_000 + house.streams.positions["onboarding"])
    house.streams.deliver(authorized(store_id))
    return store_id


def _invited(house: House, owner: Browser, role: str, name: str = "سارة") -> Browser:
    """A browser of a new person who accepted an invitation."""
    browser = house.browser()
    path = _invitation(owner, role, name)
    assert browser.post(path, {"name": name, "contact": ""}, csrf=None).status_code == 303
    return browser


def _invitation(owner: Browser, role: str, name: str = "سارة") -> str:
    made = owner.post("/people/invitations", {"role": role, "name": name})
    assert made.status_code == 201
    found = re.search(r'value="http[^"]*?(/invitations/[^"]+)"', made.text)
    assert found is not None
    return found.group(1)


def _accept(browser: Browser, path: str) -> None:
    """Accept an invitation as who is signed in."""
    browser.page(path)
    assert browser.post(path).status_code == 303


def _member(house: House, store_id: str, role: Role) -> MemberView:
    [found] = [one for one in house.container.people.members(store_id, house.container.clock.now()) if one.role is role]
    return found


def test_a_link_finds_the_person_that_such_links_mean(house: House, store: str) -> None:
    first, again, viewer = house.browser(store), house.browser(store), house.browser(store, Role.VIEWER)
    first.post("/sessions/me", {"name": "<b>أحمد</b>", "contact": "050"})
    assert "<b>أحمد</b>" in again.page("/sessions").text
    assert "أحمد" not in viewer.page("/sessions").text
    members = house.container.people.members(store, house.container.clock.now())
    assert [(one.role, one.name, one.contact) for one in members] == [
        (Role.OWNER, "<b>أحمد</b>", "050"), (Role.VIEWER, None, None)
    ]  # fmt: skip
    invited = _invited(house, first, "owner")
    assert "سارة" in invited.page("/sessions").text
    assert "أحمد" in house.browser(store).page("/sessions").text, "no link signs in who was invited"


def test_an_invitation_makes_one_person_once(house: House, store: str) -> None:
    owner = house.browser(store)
    path = _invitation(owner, "approver")
    guest = house.browser()
    for _ in range(2):
        page = guest.page(path)
        assert f"متجر {store}" in page.text and "approver" in page.text
        assert not page.unlabelled
    assert guest.post(path, {"name": "سارة"}, csrf=None, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert guest.post(path, {"name": "سارة", "contact": "s@example"}, csrf=None).headers["location"] == "/"
    assert guest.get("/people").status_code == 403
    assert "/people" not in guest.page("/").links
    for answer in (house.browser().get(path), house.browser().post(path, {"name": "x"}, csrf=None)):
        assert answer.status_code == 404 and "Ask an owner of the store" in answer.text
    page = owner.page("/people")
    assert "سارة" in page.text and "s@example" in page.text
    assert path.rpartition("/")[2] not in page.html, "its link is shown once"
    assert "/people" in page.links and not page.unlabelled
    taken_back = _invitation(owner, "owner", "آخر")
    [waiting] = house.container.people.invitations(store, house.container.clock.now())
    assert owner.post(f"/people/invitations/{waiting.invitation_id}/revoke").status_code == 303
    assert house.browser().get(taken_back).status_code == 404
    late = _invitation(owner, "owner")
    clock = house.container.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(days=7))
    assert house.browser().get(late).status_code == 404
    assert house.container.people.clean(clock.now()) == 1
    assert owner.get("/").status_code == 401, "a session lives as long"


def test_of_many_who_accept_at_once_one_gets_in(house: House, store: str) -> None:
    owner = house.browser(store)
    token = _invitation(owner, "viewer").rpartition("/")[2]
    start, outcomes = threading.Barrier(3), []

    def accept(name: str) -> None:
        start.wait()
        try:
            house.desk.people.accept(token, None, name, "", None)
        except SpentInvitation:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=accept, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, True]
    assert len(house.container.people.members(store, house.container.clock.now())) == 2


def test_one_person_goes_from_store_to_store_as_what_they_are_there(house: House, store: str) -> None:
    other = f"{store}0"
    house.streams.deliver(authorized(other))
    one, theirs, bystander = house.browser(store), house.browser(other), house.browser(f"{other}")
    assert "متجر" in one.page("/").text and "/store" not in one.page("/").html
    path = _invitation(theirs, "viewer")
    assert "becomes one of yours" in one.page(path).text
    assert one.post(path, csrf="forged").status_code == 403
    assert one.post(path).status_code == 303
    assert f"متجر {other}" in one.page("/").text and "/people" not in one.page("/").links, "a viewer there"
    assert one.post("/pause").status_code == 403
    before = dict(one.cookies)["session"]
    assert one.post("/store", {"store_id": store}).status_code == 303
    assert dict(one.cookies)["session"] != before, "a change of what may be done changes the session's id"
    assert "/people" in one.page("/").links
    for unknown in ("404", "", f"{other}9", "\0"):
        assert one.post("/store", {"store_id": unknown}).status_code == 404
    assert bystander.post("/store", {"store_id": store}).status_code == 404
    again = _invitation(theirs, "approver")
    _accept(one, again)
    assert [choice.role for choice in house.container.people.stores(_person(house, one))] == [
        Role.OWNER, Role.APPROVER
    ], "the higher of two"  # fmt: skip
    lower = _invitation(house.browser(store), "viewer")
    _accept(one, lower)
    assert "/people" in one.page("/").links, "an invitation takes nothing away"


def _person(house: House, browser: Browser) -> object:
    session = house.desk.sign_in.session(browser.cookies["session"])
    assert session is not None
    return session.person_id


def test_who_is_removed_is_out_at_once_with_all_they_left_behind(house: House, store: str) -> None:
    owner = house.browser(store)
    second = _invited(house, owner, "owner")
    left_behind = _invitation(second, "owner")
    target = next(
        one for one in house.container.people.members(store, house.container.clock.now()) if one.name == "سارة"
    )
    assert owner.post(f"/people/{target.person_id}/role", {"role": "viewer"}).status_code == 303
    assert second.post("/pause").status_code == 403, "the role holds from the next request on"
    assert second.get("/").status_code == 200
    assert house.browser().get(left_behind).status_code == 404
    assert owner.post(f"/people/{target.person_id}/remove").status_code == 303
    assert second.get("/").status_code == 401
    assert owner.post(f"/people/{target.person_id}/remove").status_code == 404
    assert house.container.application.database.fetch_one(
        "SELECT 1 FROM people WHERE person_id = %s", (target.person_id,)
    ) is None, "who has no store is gone"  # fmt: skip
    assert owner.post(f"/people/{target.person_id}/role", {"role": "god"}).status_code == 422


def test_a_store_keeps_an_owner_even_of_two_who_remove_each_other(house: House, store: str) -> None:
    owner = house.browser(store)
    me = _member(house, store, Role.OWNER)
    for path, fields in ((f"/people/{me.person_id}/remove", {}), (f"/people/{me.person_id}/role", {"role": "viewer"})):
        refused = owner.post(path, fields)
        assert refused.status_code == 409 and "A store needs an owner" in refused.text
    _invited(house, owner, "owner")
    both = [one.person_id for one in house.container.people.members(store, house.container.clock.now())]
    start, outcomes = threading.Barrier(2), []

    def remove(person_id: object) -> None:
        start.wait()
        try:
            house.container.people.remove(store, person_id)  # type: ignore[arg-type]
        except LastOwner:
            outcomes.append("kept")
        else:
            outcomes.append("removed")

    threads = [threading.Thread(target=remove, args=(person_id,)) for person_id in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "removed"]


def test_sessions_are_seen_and_ended(house: House, store: str) -> None:
    owner, desk, phone = (house.browser(store) for _ in range(3))
    viewer = house.browser(store, Role.VIEWER)
    page = owner.page("/sessions")
    assert page.text.count("This one") == 1
    assert _ends(page) == 3, "the two others of one's own, and the viewer's"
    viewers = viewer.page("/sessions")
    assert _ends(viewers) == 0 and "Other people" not in viewers.text
    [session] = [one for one in house.container.own.sessions(store, house.container.clock.now())
                 if one.role is Role.OWNER and one.hash == _hash(house, desk)]  # fmt: skip
    assert viewer.post("/sessions/end", {"session": session.hash.hex()}).status_code == 403
    assert viewer.post("/sessions/end", {"session": "nonsense"}).status_code == 404
    stranger = house.browser(_other_store(house))
    assert stranger.post("/sessions/end", {"session": session.hash.hex()}).status_code == 404
    assert desk.get("/").status_code == 200
    assert owner.post("/sessions/end", {"session": session.hash.hex()}).status_code == 303
    assert (desk.get("/").status_code, phone.get("/").status_code) == (401, 200)
    assert owner.post("/sessions/end-others").status_code == 303
    assert "1 session was ended" in owner.page("/sessions").text
    assert (phone.get("/").status_code, viewer.get("/").status_code, owner.get("/").status_code) == (401, 200, 200)
    assert owner.post("/sessions/end", {"session": _hash(house, viewer).hex()}).status_code == 303
    assert viewer.get("/").status_code == 401


def _ends(page: Markup) -> int:
    """How many sessions the page offers to end, one by one."""
    return sum(str(given.get("action")) == "/sessions/end" for tag, given in page.tags if tag == "form")


def _hash(house: House, browser: Browser) -> bytes:
    session = house.desk.sign_in.session(browser.cookies["session"])
    assert session is not None
    return session.hash


def _other_store(house: House) -> str:
    house.streams.deliver(authorized("999"))
    return "999"


def test_only_an_owner_has_to_do_with_people_and_no_stranger_with_anything(house: House, store: str) -> None:
    owner, viewer = house.browser(store), house.browser(store, Role.VIEWER)
    me = _member(house, store, Role.OWNER)
    fields = {"role": "viewer", "name": "x", "session": "00", "store_id": store}
    for path in COMMANDS:
        assert viewer.post(path, fields).status_code == 403, path
    stranger = house.browser(_other_store(house))
    for path in (f"/people/{me.person_id}/role", f"/people/{me.person_id}/remove"):
        assert stranger.post(path, fields).status_code == 404, path
    for path in (*COMMANDS, *OWN):
        assert owner.post(path, fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403, path
        assert owner.post(path, fields, csrf="forged").status_code == 403, path
        assert house.browser().post(path, fields, csrf="x").status_code == 401, path
    assert [one.role for one in house.container.people.members(store, house.container.clock.now())] == [
        Role.OWNER, Role.VIEWER
    ]  # fmt: skip


def test_a_forgotten_store_takes_along_who_has_no_other(house: House, store: str) -> None:
    other = f"{store}0"
    house.streams.deliver(authorized(other))
    here, there = house.browser(store), house.browser(other)
    here.post("/sessions/me", {"name": "canary-name", "contact": "canary-contact"})
    _invitation(here, "viewer", "canary-guest")
    there.post("/sessions/me", {"name": "stays", "contact": ""})
    _accept(there, _invitation(here, "viewer"))
    there.page("/")
    there.post("/store", {"store_id": other})
    moment = "2026-11-24T09:30Z"
    house.streams.deliver(
        told(onboarding.StoreForgotten, store, 5, reason="requested", asked_at=moment, due_at=moment, asked_by="key_0")
    )
    database = house.container.application.database
    for table in ("people", "memberships", "invitations", "sessions", "login_links"):
        rows = database.fetch_all(f"SELECT t::text AS whole FROM {table} t")
        assert not any("canary" in row["whole"] for row in rows), table
    assert database.fetch_all("SELECT 1 FROM memberships WHERE store_id = %s", (store,)) == []
    assert "stays" in there.page("/sessions").text
    assert there.post("/store", {"store_id": store}).status_code == 404


def test_a_device_is_named_by_what_it_says() -> None:
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0"
    assert [device(one) for one in (safari, edge, "curl/8.9", None)] == [
        "Safari · iPhone",
        "Edge · Windows",
        "curl/8.9",
        None,
    ]
