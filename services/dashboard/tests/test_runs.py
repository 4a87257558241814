"""Runs as they go on, what they held and handed over; and what the overview says of a store's health and needs."""

from collections.abc import Iterator

import pytest

from thaman_contracts.events import onboarding, optimizer
from thaman_dashboard.domain.handing_over import handed_over
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import Run, authorized, item, observed, told
from thaman_dashboard.testing_pages import House, standing_house
from thaman_dashboard.views import Role, RunState
from thaman_kit.embedded.databases import Databases
from thaman_kit.errors import BadCursor

OLD, RUN, FAILED, FOREIGN = Run("77", "old"), Run("77", "now"), Run("77", "failed"), Run("78", "theirs")
DAY = 24 * 60


def scouted(run: Run, minutes: int) -> optimizer.MarketScouted:
    """Its scout handed over."""
    made: optimizer.MarketScouted = told(
        optimizer.MarketScouted, run.store_id, minutes, run_id=run.run_id, items=3, links=5, offers_usable=4,
        offers_unusable=1, competitors=2, duration_ms=900,
    )  # fmt: skip
    return made


@pytest.fixture
def house(postgres_server: Databases) -> Iterator[House]:
    """A store whose second run has begun; its owners are away."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(
            authorized("77", -9 * DAY),
            observed("77", -9 * DAY, item("1", 1_000), item("2", 2_000), item("3", 3_000, cost=None)),
            OLD.asked(-8 * DAY), OLD.started(-8 * DAY), OLD.held(-8 * DAY, "1"), OLD.held(-8 * DAY, "3"),
            OLD.completed(-8 * DAY), RUN.asked(-9), RUN.started(-8, items=3),
            authorized("78"), observed("78", 0, item("9", 100)), FOREIGN.asked(0), FOREIGN.held(1, "9"),
        )  # fmt: skip
        yield standing


def test_a_run_is_followed_from_beginning_to_end(house: House) -> None:
    browser, path, tell = house.browser("77"), f"/runs/{RUN.run_id}", house.streams.deliver
    assert "The scout reads rivals' offers. How far it is 0 of 3 looked at" in browser.page(path).text
    tell(scouted(RUN, -7))
    page = browser.page(path)
    assert "The analyst looks at the prices." in page.text and "Links read 5" in page.text
    tell(RUN.held(-6, "3", "data_fitness/cost_unknown"), RUN.held(-6, "1", "strategy/a_new_code"))
    page = browser.page(path)
    assert "2 of 3 looked at" in page.text
    [bar] = [given for tag, given in page.tags if tag == "progress"]
    assert (bar["max"], bar["value"]) == ("3", "2")
    assert not [link for link in page.links if "hand-over" in link]
    tell(RUN.assessed(-5), RUN.proposed(-5, "2", 2_000, 1_900), RUN.completed(-4))
    page = browser.page(path)
    assert "progress" not in {tag for tag, _ in page.tags}
    assert "Cost unknown Fitness of the data 1" in page.text and "a_new_code Strategy 1" in page.text
    advice = RUN.assessed(0)
    assert advice.summary_ar in page.text and advice.summary_en in page.text
    held = browser.page(f"{path}/held?reason=data_fitness/cost_unknown")
    assert "/products/3" in held.links and "/products/1" not in held.links
    assert f"{path}/held?reason=data_fitness/cost_unknown" in {link.replace("%2F", "/") for link in page.links}
    run = house.desk.read_models.run("77", RUN.run_id)
    assert run is not None and (run.state, run.items) == (RunState.COMPLETED, 3)


def test_what_later_runs_looked_at_only_the_optimizer_knows(house: House) -> None:
    browser, reading = house.browser("77"), house.desk.runs.reading
    house.streams.deliver(RUN.held(-6, "1"), RUN.held(-6, "3"))
    path = f"/runs/{OLD.run_id}"
    assert "the counts are not whole" in browser.page(path).text, "and it is away"
    answer = browser.get(f"{path}/hand-over.json")
    assert "attachment" in answer.headers["content-disposition"]
    given = answer.json()
    assert (given["told_by"], given["run"]["run_id"]) == ("events", str(OLD.run_id))
    assert given["executor"]["statistics"]["held"] >= 1
    record = {"run_id": "x", "scouted": {"links": 5}, "hold_reasons": {"a/b": 2}, "statistics": None}
    whole = handed_over(record, "optimizer")
    assert (whole["scout"]["market"], whole["analyst"]["held"]) == ({"links": 5}, {"a/b": 2})
    assert whole["executor"]["statistics"] is None
    first = reading.held_items("77", RUN.run_id, "movement/cooldown", limit=1)
    rest = reading.held_items("77", RUN.run_id, "movement/cooldown", limit=1, after=first.next)
    assert [one.item_key for one in (*first.items, *rest.items)] == ["1", "3"] and rest.next is None
    assert reading.held_items("78", RUN.run_id, "movement/cooldown").items == ()
    assert "Later runs have looked at all" in browser.page(f"{path}/held?reason=movement/cooldown").text
    with pytest.raises(BadCursor):
        reading.held_items("77", OLD.run_id, "x", after="x")
    assert reading.judged("77", FOREIGN.run_id) == 0 and reading.held_reasons("77", FOREIGN.run_id) == ()
    for foreign in ("", "/held?reason=x", "/hand-over.json"):
        assert browser.get(f"/runs/{FOREIGN.run_id}{foreign}").status_code == 404, foreign


def test_the_overview_says_how_the_store_is_and_what_it_needs(house: House) -> None:
    browser, tell = house.browser("77"), house.streams.deliver
    page = browser.page("/")
    for said in ("Salla connected", "Writing of prices allowed", "Uncertain writes 0"):
        assert said in page.text, said
    assert "1 product on the shelf has no known cost" in page.text
    costs = browser.page("/products?status=sale&cost=no&locked=no")
    assert "/products?status=sale&cost=no&locked=no" in page.links and "/products/3" in costs.links
    assert "/products/1" not in costs.links
    tell(
        RUN.proposed(1, "1", 1_000, 900, risk="high", expected_weekly_profit_change=3_000, interval80_low=-1_000,
                     interval80_high=5_000),
        RUN.proposed(1, "2", 2_000, 1_900, expires_at=NOW, expected_weekly_profit_change=400, interval80_low=-7_600,
                     interval80_high=400),
        RUN.uncertain(2, "2", 1_900),
    )  # fmt: skip
    page = browser.page("/")
    assert "1 proposal at high risk waits for your answer" in page.text
    assert "2 proposals wait for your answer · 1 of them lapses within two hours" in page.text
    assert "1 write with unclear outcome, being checked" in page.text
    assert "/approvals?risk=high" in page.links and "/activity?kind=PriceApplyUncertain" in page.links
    tell(
        RUN.decided(-30, "1", 1_000, 900), RUN.decided(-30, "2", 2_000, 1_900), RUN.applied(-20, "1", 1_000, 900),
        RUN.applied(-20, "2", 2_000, 1_900), FAILED.asked(3), FAILED.failed(4),
    )  # fmt: skip
    page = browser.page("/")
    # Half ranges of 30.00 and 40.00 of products that move by themselves are one of 50.00 together.
    assert "8 times of 10 between −16.00 SAR and +84.00 SAR" in page.text
    assert {3_400, 3_400 - 5_000, 3_400 + 5_000} <= {halalas for halalas, _ in page.amounts}
    assert "The last run ended without a result" in page.text


def test_writing_is_stopped_from_every_page_by_who_may(house: House) -> None:
    for role, may_stop in ((Role.VIEWER, False), (Role.APPROVER, True), (Role.OWNER, True)):
        browser = house.browser("77", role)
        for path in ("/", "/products/1", f"/runs/{RUN.run_id}", "/settings"):
            forms = [given.get("action") for tag, given in browser.page(path).tags if tag == "form"]
            assert forms.count("/pause") == int(may_stop), (role, path)
    house.streams.deliver(told(onboarding.StorePaused, "77", 5, fence=1, reason="x", paused_by="key_1"))
    page = house.browser("77").page("/runs")
    assert "/pause" not in [given.get("action") for tag, given in page.tags if tag == "form"]
    assert "Writing is stopped for this store." in page.text and "/" in page.links
