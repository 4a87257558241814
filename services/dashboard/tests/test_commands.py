"""Commands from page to owner: onboarding, the optimizer and the scheduler themselves answer, over HTTP."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.support.standing import PEPPER, Teller, connect, issued, onboarding_at, optimizer_at, rooms, run_all, served

import thaman_onboarding.api
import thaman_optimizer.api
import thaman_scheduler.api
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks, PriceProposed
from thaman_contracts.events.settings import AutomationMode, ItemRule, StoreSettings
from thaman_dashboard.answer_views import AnswerState, GivenAnswer
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, Streams, settings_for
from thaman_dashboard.testing_events import Run, authorized, item, observed
from thaman_dashboard.testing_pages import Browser, House, owners_at
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.keys import NewKey
from thaman_optimizer.consumers import router as optimizer_router
from thaman_scheduler.bootstrap import build as build_scheduler
from thaman_scheduler.settings import SchedulerSettings

SERVICES = ("dashboard", "onboarding", "optimizer", "scheduler")
ITEMS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
GRACE = timedelta(seconds=10)
RUN = Run("77", "run")


@dataclass
class Owners:
    """The services that own things, as far as commands go."""

    onboarding: Any
    optimizer: Any
    house: House
    key: NewKey
    clock: ManualClock


def _priced(container: Any) -> list[PriceProposed]:
    """Proposals of a real run for all items."""
    links = [CompetitorLink(competitor=f"rival {one}", url=f"https://{one}.example") for one in "abc"]
    container.optimizer.set_links("77", [CompetitorLinks(product_id=one, links=tuple(links)) for one in ITEMS], "key_1")
    run_all(container)
    rows = container.views.proposals("77", None, 100)
    return [PriceProposed.model_validate(row["document"]) for row in rows]


@pytest.fixture(scope="module")
def owners(postgres_server: Databases) -> Iterator[Owners]:
    """All of them on one database, each with its role, for one connected store that waits for approvals."""
    clock = ManualClock(NOW + timedelta(minutes=10))
    with rooms(postgres_server, "dashboard_and_owners", SERVICES) as (_, database):
        onboard = onboarding_at(database["onboarding"], clock)
        optimize = optimizer_at(database["optimizer"], clock)
        schedule = build_scheduler(SchedulerSettings(database_url=database["scheduler"], api_key_pepper=PEPPER), clock)
        schedule.scheduler.ensure_started()
        dashboard = build(settings_for(database["dashboard"].get_secret_value()), clock)
        key = onboard.issue_key("operator", None, "dashboard")
        connect(onboard, "77")
        known = issued(key)
        store = authorized("77", settings=StoreSettings(mode=AutomationMode.MANUAL))
        shelf = observed("77", 1, *(item(one, 10_000) for one in ITEMS)).model_copy(update={"last_page": True})
        Teller(optimize.application, optimizer_router).tell(known, store, shelf, RUN.asked(2))
        Teller(schedule.application, schedule.router).tell(known, store)
        Streams(dashboard).deliver(store, shelf, RUN.asked(2), *_priced(optimize))
        with (
            served(thaman_onboarding.api.build_api(onboard)) as at_onboarding,
            served(thaman_optimizer.api.build_api(optimize)) as at_optimizer,
            served(thaman_scheduler.api.build_api(schedule)) as at_scheduler,
        ):
            secret = key.key.get_secret_value()
            asked = owners_at(secret, onboarding=at_onboarding, optimizer=at_optimizer, scheduler=at_scheduler)
            yield Owners(onboard, optimize, House(dashboard, asked), key, clock)
            asked.close()
        for part in (onboard, optimize, schedule, dashboard):
            part.close()


def _shown(browser: Browser) -> dict[str, Any]:
    """The form of the queue as it is shown, without anything ticked."""
    inputs = [given for tag, given in browser.page("/approvals").tags if tag == "input"]
    return {str(given["name"]): given["value"] for given in inputs if str(given.get("name")).startswith("digest.")}


def test_one_is_approved_with_what_was_on_the_screen(owners: Owners) -> None:
    browser, proposal = owners.house.browser("77", Role.APPROVER), str(RUN.proposal("1"))
    digests = _shown(browser)
    assert len(digests) == len(ITEMS)
    answer = browser.post("/approvals", digests | {"approve": proposal})
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    assert "1 price was approved." in browser.page("/approvals").text
    assert "was approved" not in browser.page("/approvals").text, "it is said once"
    row = owners.optimizer.views.proposal("77", RUN.proposal("1"))
    assert (row["state"], row["closed_by"]) == ("decided", owners.key.key_id)
    [noted] = owners.house.desk.approvals.answers.given("77", RUN.proposal("1"))
    assert (noted.approved, noted.shown_digest, noted.role) == (True, digests[f"digest.{proposal}"], Role.APPROVER)
    assert "Approved here by: approver" in browser.page(f"/approvals/{proposal}").text
    again = browser.post("/approvals", digests | {"approve": proposal})
    assert again.status_code == 303
    assert "it was answered or lapsed before" in browser.page("/approvals").text


def test_what_was_not_on_the_screen_is_not_approved(owners: Owners) -> None:
    browser, proposal = owners.house.browser("77"), str(RUN.proposal("2"))
    browser.post("/approvals", {"approve": proposal, f"digest.{proposal}": "0" * 64})
    assert "not what was on your screen" in browser.page("/approvals").text
    browser.post("/approvals", {"approve": proposal})
    assert "not what was on your screen" in browser.page("/approvals").text, "no digest is none of anything shown"
    assert owners.optimizer.views.proposal("77", RUN.proposal("2"))["state"] == "pending"


def test_those_ticked_are_rejected_with_a_reason_and_a_stranger_among_them_is_refused(owners: Owners) -> None:
    browser = owners.house.browser("77")
    chosen = [str(RUN.proposal(one)) for one in ("3", "4")]
    stranger = str(Run("78").proposal("1"))
    form = _shown(browser) | {"chosen": [*chosen, stranger], "reject": "chosen", "reason": "لا"}
    browser.post("/approvals", form)
    said = browser.page("/approvals").text
    assert "2 proposals were rejected." in said
    assert "there is no such proposal in this store" in said
    for one in ("3", "4"):
        row = owners.optimizer.views.proposal("77", RUN.proposal(one))
        assert (row["state"], row["close_reason"]) == ("rejected", "لا")
    assert owners.house.desk.approvals.answers.given("77", Run("78").proposal("1")) == ()
    browser.post("/approvals", _shown(browser) | {"approve": "chosen"})
    assert "Nothing was chosen" in browser.page("/approvals").text
    too_many = {"chosen": [str(UUID(int=number)) for number in range(101)], "approve": "chosen"}
    assert browser.post("/approvals", too_many).status_code == 422
    assert browser.post("/approvals", {"chosen": "x", "approve": "chosen"}).status_code == 422


def test_all_that_was_shown_is_approved(owners: Owners) -> None:
    browser = owners.house.browser("77")
    shown = [str(RUN.proposal(one)) for one in ("5", "6")]
    browser.post("/approvals", _shown(browser) | {"shown": shown, "approve": "shown"})
    assert "2 prices were approved." in browser.page("/approvals").text
    decisions = owners.optimizer.views.decisions("77", None, 100)
    assert {row["item_key"] for row in decisions} >= {"5", "6"}


def _waiting(owners: Owners) -> House:
    """The same application, whose answers wait for ten seconds."""
    return House(owners.house.container, owners.house.http, grace=GRACE)


def _answered(house: House, button: str, item_key: str) -> GivenAnswer:
    browser, proposal = house.browser("77", Role.APPROVER), str(RUN.proposal(item_key))
    browser.post("/approvals", _shown(browser) | {button: proposal})
    return house.desk.approvals.answers.given("77", RUN.proposal(item_key))[-1]


def _state(owners: Owners, item_key: str) -> str:
    return str(owners.optimizer.views.proposal("77", RUN.proposal(item_key))["state"])


def test_an_answer_is_taken_back_before_its_owner_is_told(owners: Owners) -> None:
    house, browser = _waiting(owners), owners.house.browser("77")
    given = _answered(house, "approve", "7")
    assert (given.state, _state(owners, "7")) == ("waiting", "pending")
    page = browser.page("/approvals")
    assert "1 approval is on its way: عطر 7" in page.text and "Seconds left to take it back: 10" in page.text
    assert f"/approvals/{given.proposal_id}" not in page.links, "what is answered waits for nobody"
    browser.post("/approvals", {"reject": str(given.proposal_id)})
    assert "an answer to it is on its way" in browser.page("/approvals").text
    browser.post("/approvals/take-back", {"batch": str(given.batch)})
    assert "1 answer was taken back. Nobody was told of it." in browser.page("/approvals").text
    owners.clock.advance(GRACE)
    assert house.desk.approvals.sender.send_due() == 0
    assert _state(owners, "7") == "pending"
    browser.post("/approvals/take-back", {"batch": str(given.batch)})
    assert "too late to take it back" in browser.page("/approvals").text
    assert f"/approvals/{given.proposal_id}" in browser.page("/approvals").links


def test_an_answer_reaches_its_owner_once_whoever_sends_it(owners: Owners) -> None:
    house = _waiting(owners)
    yes, no = _answered(house, "approve", "7"), _answered(house, "reject", "8")
    assert house.desk.approvals.sender.send_due() == 0, "not before its time"
    owners.clock.advance(GRACE)
    with ThreadPoolExecutor(2) as threads:
        sent = list(threads.map(lambda _: house.desk.approvals.sender.send_due(), range(2)))
    assert sum(sent) == 2
    assert (_state(owners, "7"), _state(owners, "8")) == ("decided", "rejected")
    for one in (yes, no):
        given = house.desk.approvals.answers.given("77", one.proposal_id)[-1]
        assert (given.state, given.reason, given.shown_digest) == ("done", None, one.shown_digest)


def test_an_answer_survives_whoever_dies_while_telling_it(owners: Owners) -> None:
    house, clock = _waiting(owners), owners.clock
    given = _answered(house, "approve", "9")
    clock.advance(GRACE)
    [taken] = house.desk.approvals.answers.claim(clock.now(), clock.now(), 10)
    house.owners.approve("77", {taken.proposal_id: taken.shown_digest})  # and here the process ends
    assert house.desk.approvals.sender.send_due() == 0, "somebody is at it"
    clock.advance(timedelta(seconds=61))
    assert house.desk.approvals.sender.send_due() == 1
    [after] = house.desk.approvals.answers.given("77", given.proposal_id)
    assert (after.state, after.tries, _state(owners, "9")) == ("done", 2, "decided")
    house.desk.approvals.answers.settle(taken, AnswerState.REFUSED, "late", clock.now())
    assert house.desk.approvals.answers.given("77", given.proposal_id) == (after,), "an older try has no say"


def test_an_owner_that_is_away_is_told_later_and_a_later_refusal_is_said(owners: Owners) -> None:
    away, house = House(owners.house.container, grace=GRACE), _waiting(owners)
    given = _answered(away, "reject", "10")
    browser, other = house.browser("77"), str(RUN.proposal("11"))
    browser.post("/approvals", {"approve": other, f"digest.{other}": "0" * 64})
    owners.clock.advance(GRACE)
    assert away.desk.approvals.sender.send_due() == 0
    [still] = away.desk.approvals.answers.given("77", given.proposal_id)
    assert (still.state, still.tries) == ("waiting", 1)
    owners.clock.advance(GRACE)
    assert house.desk.approvals.sender.send_due() == 2
    assert (_state(owners, "10"), _state(owners, "11")) == ("rejected", "pending")
    for path in ("/approvals", f"/approvals/{other}"):
        page = browser.page(path)
        assert "was approved here, but it is not what was on your screen any more" in page.text, path
    assert "1 answer was not carried out" in browser.page("/").text
    browser.post("/approvals/seen")
    assert "not carried out" not in browser.page("/").text
    away.http.close()


def test_writing_is_stopped_and_allowed_again(owners: Owners) -> None:
    browser = owners.house.browser("77")
    browser.post("/pause", {"reason": "جرد"})
    said = browser.page("/").text
    assert "Writing is stopped. No price of this store is written from now on." in said
    assert "may need a moment" in said, "the read models did not hear of it in this test"
    store = owners.onboarding.stores.get("77")
    assert (store.paused, store.pause_reason) == (True, "جرد")
    assert browser.post("/resume").status_code == 303
    assert owners.onboarding.stores.get("77").paused is False


def test_a_run_is_asked_for_once_by_one_form(owners: Owners) -> None:
    browser = owners.house.browser("77")
    keys = [given["value"] for tag, given in browser.page("/").tags if tag == "input" and given.get("name") == "key"]
    for _ in range(2):
        assert browser.post("/runs", {"key": keys[0]}).headers["location"] == "/runs"
    topics = owners.optimizer.application.database.fetch_all(
        "SELECT topic FROM optimizer_events WHERE topic = 'request.RunRequested'"
    )
    assert len(topics) == 1
    assert browser.post("/runs", {"key": ""}).status_code == 422


def test_settings_are_changed_for_the_version_that_was_shown(owners: Owners) -> None:
    browser = owners.house.browser("77")
    form = {"mode": "semi_auto", "margin": "١٢٫٥", "tolerance": "low", "version": "1"}
    assert browser.post("/settings", form).status_code == 303
    assert "The settings were saved." in browser.page("/settings").text
    found = owners.onboarding.stores.get("77")
    assert (found.settings.mode, found.settings.min_margin_bp) == ("semi_auto", 1_250)
    assert (found.settings.risk_tolerance, found.settings_version) == ("low", 2)
    browser.post("/settings", form | {"mode": "full_auto"})
    assert "Somebody changed the settings meanwhile" in browser.page("/settings").text
    assert owners.onboarding.stores.get("77").settings.mode == "semi_auto"
    wrong = browser.post("/settings", form | {"margin": "-5", "mode": "reckless"})
    assert wrong.status_code == 422
    for part in ('aria-invalid="true"', 'id="e-margin"', 'id="e-mode"', 'value="-5"'):
        assert part in wrong.text


def test_limits_keep_the_rest_of_an_items_rule(owners: Owners) -> None:
    season = ItemRule.model_validate({"product_id": "2", "salvage": 700, "season_ends_on": "2026-12-31"})
    owners.onboarding.stores.set_rules("77", (season, *_rules("1", 250)), "key_1")
    browser = owners.house.browser("77")
    form = {"lowest": "80.05", "highest": "", "locked": "yes"}
    assert browser.post("/products/2", form).headers["location"] == "/products/2"
    assert "The limits were saved." in browser.page("/products/2").text
    rule = owners.house.owners.rule("77", "2")
    assert rule == season.model_copy(update={"min_price": 8_005, "locked": True})
    for lowest, highest, said in (("x", "", "Write an amount"), ("90", "80", "above the highest")):
        wrong = browser.post("/products/2", {"lowest": lowest, "highest": highest})
        assert wrong.status_code == 422
        assert said in wrong.text and f'value="{lowest}"' in wrong.text
    assert owners.house.owners.rule("77", "2") == rule
    assert owners.house.owners.rule("77", "3") is None


def _rules(product_id: str, count: int) -> list[ItemRule]:
    """Rules of so many variants, whose keys come between those of products."""
    return [ItemRule(product_id=product_id, variant_id=str(one), locked=True) for one in range(1, count + 1)]


def test_the_plan_is_the_schedulers(owners: Owners) -> None:
    plan = owners.house.owners.plan("77")
    assert plan is not None and plan.next_due is not None and plan.next_due > NOW
    assert f'datetime="{plan.next_due:%Y-%m-%dT%H:%M:%SZ}"' in owners.house.browser("77").page("/").html


def test_a_command_waits_until_the_pages_show_it(owners: Owners) -> None:
    calls: list[int] = []

    def after_three() -> bool:
        calls.append(1)
        return len(calls) == 3

    commands: Any = owners.house.desk.commands
    waiting: Callable[[Callable[[], bool]], bool] = type(commands)(None, None, 60.0)._until
    assert waiting(after_three) is True
    assert len(calls) == 3
    assert commands._until(lambda: False) is False
