"""Signing in by one-time link: who gets in, for how long, and what the cookie promises."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import resources

import pytest

from thaman_contracts.events import onboarding
from thaman_dashboard.testing_events import authorized, told
from thaman_dashboard.testing_pages import House, standing_house
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.keys import NewKey


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over one store; its clock only goes on."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(authorized("77"))
        yield standing


def _clock(house: House) -> ManualClock:
    assert isinstance(house.container.clock, ManualClock)
    return house.container.clock


def _key(house: House, scope: str) -> dict[str, str]:
    key = NewKey.generate(house.container.settings.api_key_pepper)
    store_id = "77" if scope == "store" else "system"
    house.streams.deliver(
        told(onboarding.ApiKeyIssued, store_id, 1, key_id=key.key_id, key_hash=key.key_hash, scope=scope, label="test")
    )
    return {"Authorization": f"Bearer {key.key.get_secret_value()}"}


def test_an_operator_makes_a_link_that_opens_one_session(house: House) -> None:
    browser = house.browser()
    operator, store = (_key(house, scope) for scope in ("operator", "store"))
    body = {"store_id": "77", "role": "approver"}
    assert browser.request("POST", "/links", json=body).status_code == 401
    assert browser.request("POST", "/links", json=body, headers=store).status_code == 403
    assert browser.request("POST", "/links", json=body | {"store_id": "404"}, headers=operator).status_code == 404
    assert browser.request("POST", "/links", json=body | {"role": "god"}, headers=operator).status_code == 422
    made = browser.request("POST", "/links", json=body, headers=operator)
    assert made.status_code == 201
    path = made.json()["url"].removeprefix(house.container.settings.public_url)
    for _ in range(3):
        page = browser.page(path)
        assert "approver" in page.text and "متجر 77" in page.text
    assert browser.post(path, csrf=None).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    other = house.browser()
    for answer in (other.get(path), other.post(path, csrf=None)):
        assert answer.status_code == 404
        assert "works once" in answer.text
    assert other.get("/").status_code == 401


def test_a_link_ends_after_a_quarter_of_an_hour(house: House) -> None:
    clock = _clock(house)
    link = house.desk.sign_in.make_link("77", Role.OWNER)
    clock.advance(timedelta(minutes=15, seconds=1))
    assert house.browser().post(f"/sign-in/{link.token}", csrf=None).status_code == 404
    assert house.browser().get(f"/sign-in/{'x' * 5_000}").status_code == 404


def test_a_session_ends_by_rest_by_age_and_by_will(house: House) -> None:
    clock = _clock(house)
    idle, old, left = (house.browser("77") for _ in range(3))
    for _ in range(15):
        clock.advance(timedelta(hours=11))
        assert old.get("/").status_code == 200
    assert idle.get("/").status_code == 401
    clock.advance(timedelta(hours=5))
    assert old.get("/").status_code == 401, "seven days after it began"
    left = house.browser("77")
    kept = dict(left.cookies)
    gone = left.post("/sign-out")
    assert "signed out" in gone.text
    assert "session" not in dict(left.cookies)
    left.cookies.update(kept)
    assert left.get("/").status_code == 401


def test_signing_in_again_ends_the_session_before(house: House) -> None:
    browser = house.browser("77")
    before = dict(browser.cookies)
    link = house.desk.sign_in.make_link("77", Role.VIEWER)
    browser.post(f"/sign-in/{link.token}", csrf=None)
    assert dict(browser.cookies)["session"] != before["session"]
    stale = house.browser()
    stale.cookies.update(before)
    assert stale.get("/").status_code == 401
    assert browser.get("/").status_code == 200


def test_a_forgotten_store_lets_nobody_in(house: House) -> None:
    house.streams.deliver(authorized("79"))
    browser = house.browser("79")
    link = house.desk.sign_in.make_link("79", Role.OWNER)
    moment = "2026-11-24T09:30Z"
    house.streams.deliver(
        told(onboarding.StoreForgotten, "79", 5, reason="requested", asked_at=moment, due_at=moment, asked_by="key_0")
    )
    assert browser.get("/").status_code in (401, 404)
    house.browser().post(f"/sign-in/{link.token}", csrf=None)
    assert house.browser().get("/").status_code == 401


def test_the_cookie_is_bound_to_host_and_https(house: House) -> None:
    settings = house.container.settings.model_copy(update={"public_url": "https://thaman.example"})
    served = House(replace(house.container, settings=settings), house.owners)
    browser = served.browser()
    link = served.desk.sign_in.make_link("77", Role.OWNER)
    cookie = browser.post(f"/sign-in/{link.token}", csrf=None).headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=604800"):
        assert part in cookie
    assert "Domain" not in cookie
    assert browser.get("/").headers["strict-transport-security"]


def test_secrets_are_stored_as_hashes_alone(house: House) -> None:
    browser = house.browser("77")
    link = house.desk.sign_in.make_link("77", Role.OWNER)
    secret = browser.cookies["session"]
    database = house.container.application.database
    for table, said in (("sessions", secret), ("login_links", link.token)):
        rows = database.fetch_all(f"SELECT t.*, t::text AS whole FROM {table} t")
        assert hashlib.sha256(said.encode()).digest() in [bytes(row["hash"]) for row in rows]
        assert not any(said in row["whole"] for row in rows)


def test_sessions_of_before_people_go_on_as_the_person_of_their_store_and_role(house: House) -> None:
    house.streams.deliver(authorized("80"))
    owner, viewer = house.browser("80"), house.browser("80", Role.VIEWER)
    database = house.container.application.database
    with database.transaction() as cursor:
        cursor.execute("UPDATE sessions SET person_id = NULL WHERE store_id = '80'")
        cursor.execute("DELETE FROM people USING memberships WHERE memberships.person_id = people.person_id"
                       " AND store_id = '80'")  # fmt: skip
    assert owner.get("/").status_code == 401, "one that an old process opened beside a new one ends"
    file = resources.files("thaman_dashboard").joinpath("migrations/0002_pre_people.sql").read_text(encoding="utf-8")
    backfill = file[file.index("WITH pairs") : file.index(";", file.index("WITH pairs"))]
    with database.transaction() as cursor:
        # Only this store's sessions are of before.
        cursor.execute(backfill.replace("FROM sessions)", "FROM sessions WHERE person_id IS NULL)").encode())
    assert "/people" in owner.page("/").links
    assert "/people" not in viewer.page("/").links
    owner.post("/sessions/me", {"name": "أحمد", "contact": ""})
    assert "أحمد" in house.browser("80").page("/sessions").text, "whom an owner's link means from now on"
