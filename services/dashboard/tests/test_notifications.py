"""Notifications: what people chose to hear of, new until they have read it, and each for themselves."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from thaman_contracts.events import onboarding
from thaman_dashboard.adapters.notifications import EVENTS
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import Run, authorized, item, observed, told
from thaman_dashboard.testing_pages import House, Markup, standing_house
from thaman_dashboard.views import Role
from thaman_kit.embedded.databases import Databases

RUN = Run("77")
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """A store of which there is something to tell, and a neighbour that was stopped."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(
            authorized("77", -60), observed("77", -59, item("1", 1_000), item("2", 2_000), item("3", 3_000)),
            RUN.asked(-50), RUN.proposed(-49, "1", 1_000, 900), RUN.proposed(-49, "2", 2_000, 2_100, floor=2_050),
            RUN.decided(-48, "3", 3_000, 2_900), RUN.uncertain(-45, "3", 2_900), _stopped("77", -40), authorized("78"),
            _stopped("78", -30),
        )  # fmt: skip
        yield standing


def _stopped(store_id: str, minutes: int) -> Any:
    return told(onboarding.StorePaused, store_id, minutes, reason=EVIL, fence=1, paused_by="store:key_1")


def _bell(page: Markup) -> str:
    return next(given["aria-label"] or "" for tag, given in page.tags if given.get("class") == "bell")


def test_what_happened_is_told_until_it_was_read_and_each_reads_for_themselves(house: House) -> None:
    browser, other = house.browser("77"), house.browser("77", Role.VIEWER)
    assert _bell(browser.page("/")) == "Notifications: 4 new"
    page = browser.page("/notifications")
    for said in ("2 prices wait for your answer", "1 price stands outside its limits", EVIL, "unclear outcome"):
        assert said in page.text, said
    assert "<script>alert" not in page.html and page.text.count("New ") >= 4
    assert _bell(browser.page("/products")) == "Notifications: 4 new", "looking reads nothing"
    until = next(given["value"] for _, given in page.tags if given.get("name") == "until")
    house.streams.deliver(_stopped("77", -5))
    assert browser.post("/notifications/read", {"until": until}).status_code == 303
    assert _bell(browser.page("/")) == "Notifications: 1 new", "what came meanwhile stays new"
    assert browser.post("/notifications/read", {"until": (NOW - timedelta(days=9)).isoformat()}).status_code == 303
    assert _bell(browser.page("/")) == "Notifications: 1 new", "an old page takes nothing back"
    assert _bell(other.page("/")) == "Notifications: 5 new"
    assert _bell(house.browser("78").page("/")) == "Notifications: 1 new"
    assert browser.post("/notifications/read", {"until": "yesterday"}).status_code == 422


def test_a_person_hears_of_what_they_chose(house: House) -> None:
    browser = house.browser("77", Role.APPROVER)
    assert browser.post("/notifications", {"kinds": ["approvals", "floors", "nonsense"]}).status_code == 303
    page = browser.page("/notifications")
    assert _bell(page) == "Notifications: 2 new" and EVIL not in page.text
    checked = {given["value"] for _, given in page.tags if given.get("name") == "kinds" and "checked" in given}
    assert checked == {"approvals", "floors"}
    assert browser.post("/notifications", {}).status_code == 303
    assert _bell(browser.page("/", "ar")) == "التنبيهات: لا جديد"


def test_a_forgotten_store_takes_along_what_its_people_chose(house: House) -> None:
    browser = house.browser("78", Role.VIEWER)
    browser.post("/notifications", {"kinds": ["stopped"]})
    count = "SELECT count(*) AS n FROM notification_wishes WHERE store_id = '78'"
    fetch = house.container.application.database.fetch_one
    assert fetch(count) == {"n": 1}
    house.streams.deliver(_forgotten())
    assert fetch(count) == {"n": 0}


def _forgotten() -> Any:
    return told(
        onboarding.StoreForgotten, "78", 5, reason="requested", asked_at=NOW, due_at=NOW, asked_by="operator:key_1"
    )


def test_the_index_that_every_page_counts_with_knows_all_that_is_told_of(container: Container) -> None:
    row = container.application.database.fetch_one(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'dashboard' AND indexname = 'activity_notified'"
    )
    assert row is not None
    assert set(re.findall(r"'(\w+)'::text", row["indexdef"])) == set(EVENTS)
