"""The queue of approvals: what is weighed, filtered, sorted and previewed; and no row of another store."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from thaman_dashboard.answer_views import QueueFilter, QueueOrder
from thaman_dashboard.domain.weighing import margin_bp, reason_parts, sums_of
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import Run, authorized, item, observed
from thaman_dashboard.testing_pages import Browser, House, Markup, standing_house
from thaman_dashboard.views import Role
from thaman_kit.cursors import seal
from thaman_kit.embedded.databases import Databases
from thaman_kit.errors import BadCursor

RUN, FOREIGN = Run("77"), Run("78", "theirs")
PRICES = {"1": (10_000, 9_000), "2": (10_000, 10_500), "3": (10_000, 12_000), "4": (20_000, 19_999)}


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """Four proposals of one store and one of another; the owners are away, and answers wait."""
    with standing_house(postgres_server) as standing:
        named: dict[str, dict[str, Any]] = {
            "1": {"brand": "عطور الخليج", "category": "عطور"}, "2": {"brand": "Oud & Co", "cost": None},
            "3": {}, "4": {},
        }  # fmt: skip
        standing.streams.deliver(
            authorized("77"),
            observed("77", 0, *(item(key, PRICES[key][0], **changes) for key, changes in named.items())),
            RUN.asked(1), RUN.started(2),
            RUN.offers(3, ("1", "https://a.example/1", 8_900), ("1", "https://b.example/1", 9_100),
                       ("1", "javascript:alert(1)", 9_200), ("1", "https://d.example/1", 9_300)),
            RUN.proposed(4, "1", *PRICES["1"], risk="high", risk_reasons=("change_large bp=-1000", "near_floor bp=150"),
                         expected_weekly_profit_change=5_000, interval80_low=1_000, interval80_high=9_000),
            RUN.proposed(5, "2", *PRICES["2"], expected_weekly_profit_change=-700,
                         interval80_low=-913, interval80_high=-87),
            RUN.proposed(6, "3", *PRICES["3"], risk_reasons=("a_new_reason",)),
            RUN.proposed(7, "4", *PRICES["4"], disposition="ask"),
            authorized("78"), observed("78", 0, item("9", 100)), FOREIGN.asked(0), FOREIGN.proposed(1, "9", 100, 99),
        )  # fmt: skip
        yield House(standing.container, standing.http, grace=timedelta(seconds=10))


def _keys(house: House, order: QueueOrder = QueueOrder.EXPIRY, **wanted: Any) -> list[str]:
    page = house.desk.approvals.queue.waiting("77", QueueFilter(**wanted), order=order)
    return [row.proposal.item_key for row in page.items]


def test_the_queue_is_filtered_sorted_and_walked(house: House) -> None:
    queue = house.desk.approvals.queue
    assert _keys(house) == ["1", "2", "3", "4"]
    assert _keys(house, QueueOrder.CHANGE) == ["3", "1", "2", "4"]
    assert (_keys(house, risk="high"), _keys(house, brand="Oud & Co")) == (["1"], ["2"])
    assert (_keys(house, category="عطور"), _keys(house, search="SKU-4")) == (["1"], ["4"])
    assert _keys(house, brand="nobody\0's") == []
    for order in QueueOrder:
        seen: list[str] = []
        after: str | None = None
        while True:
            page = queue.waiting("77", QueueFilter(), order=order, after=after, limit=1)
            seen += [row.proposal.item_key for row in page.items]
            after = page.next
            if after is None:
                break
        assert seen == _keys(house, order), order
    shape = queue.shape("77", QueueFilter(risk="high"))
    assert (shape.count, set(shape.brands), shape.categories) == (1, {"عطور الخليج", "Oud & Co"}, ("عطور",))
    for cursor in ("x", seal("queue_by_expiry", "1", str(RUN.proposal("1"))), seal("queue_by_change", "1", "2")):
        with pytest.raises(BadCursor):
            queue.waiting("77", QueueFilter(), order=QueueOrder.CHANGE, after=cursor)


def test_another_store_has_none_of_it(house: House) -> None:
    parts = house.desk.approvals
    ours = [RUN.proposal(key) for key in PRICES]
    assert parts.queue.these("78", ours) == () and len(parts.queue.these("77", ours)) == 4
    [theirs] = parts.queue.waiting("78", QueueFilter()).items
    assert theirs.proposal.item_key == "9"
    assert parts.answers.open("78") == () == parts.answers.refused("78", NOW)
    browser = house.browser("78", Role.APPROVER)
    proposal = str(RUN.proposal("1"))
    browser.post("/approvals", {"approve": proposal, f"digest.{proposal}": "d"})
    assert "there is no such proposal in this store" in browser.page("/approvals").text
    assert parts.answers.given("77", RUN.proposal("1")) == ()


def test_a_proposal_is_shown_with_margin_reasons_and_offers(house: House) -> None:
    browser = house.browser("77")
    page = browser.page("/approvals?risk=high")
    # 50.00 of cost are 57.50 with VAT: of 100.00 they leave 42.5 %, of 90.00 they leave 36.11 %.
    assert "Margin after fees: 42.5% to 36.11%" in page.text
    assert "Large change −10%" in page.text and "Near its floor 1.5%" in page.text
    assert {"https://a.example/1", "https://b.example/1"} <= page.links
    assert "https://d.example/1" not in page.links, "the three cheapest"
    assert "javascript:alert(1)" not in page.links
    assert {8_900, 9_100, 1_000, 9_000} <= {halalas for halalas, _ in page.amounts}
    assert "unknown, because the product's cost is unknown" in browser.page("/approvals?brand=Oud %26 Co").text
    assert "a_new_reason" in browser.page("/approvals?search=SKU-3").text, "of a later version"


def test_many_are_previewed_before_anything_is_answered(house: House) -> None:
    browser = house.browser("77", Role.APPROVER)
    shown = [str(RUN.proposal(key)) for key in ("1", "2", "3")]
    digests = _digests(browser)
    stale = digests | {f"digest.{shown[2]}": "0" * 64}
    answer = browser.post("/approvals/preview", stale | {"chosen": shown, "approve": "chosen", "back.risk": "high"})
    page = Markup(answer.text)
    assert "Approve 2 prices" in page.text and "1 of them is not what was on your screen" in page.text
    assert {5_000 - 700, -700, 10_000, 9_000, 10_500} <= {halalas for halalas, _ in page.amounts}
    assert {1_000 - 913, 9_000 - 87} <= {halalas for halalas, _ in page.amounts}, "the range's two ends"
    assert "as if all came out low together" in page.text
    assert "/approvals?risk=high" in page.links
    sent = {str(given["value"]) for tag, given in page.tags if tag == "input" and given.get("name") == "chosen"}
    assert sent == set(shown[:2])
    assert house.desk.approvals.answers.given("77", UUID(shown[0])) == (), "nothing is answered yet"
    assert browser.post("/approvals/preview", {"approve": "chosen"}).headers["location"] == "/approvals"
    gone = browser.post("/approvals/preview", {"chosen": shown, "reject": "chosen"})
    assert gone.status_code == 303
    assert "None of these proposals is what was on your screen" in browser.page("/approvals").text
    assert house.browser("77", Role.VIEWER).post("/approvals/preview", stale | {"approve": "chosen"}).status_code == 403
    done = browser.post("/approvals", digests | {"chosen": shown[:2], "approve": "chosen", "back.risk": "high"})
    assert done.headers["location"] == "/approvals?risk=high"
    page = browser.page("/approvals")
    assert "2 approvals are kept." in page.text and _keys(house) == ["3", "4"]
    [batch] = house.desk.approvals.answers.open("77")
    assert (batch.count, batch.sending, batch.due_at) == (2, 0, NOW + timedelta(seconds=10))
    assert "Approved here by: approver" in browser.page(f"/approvals/{shown[0]}").text
    assert house.browser("77", Role.VIEWER).post("/approvals/take-back", {"batch": str(batch.batch)}).status_code == 403
    assert house.browser("78").post("/approvals/take-back", {"batch": str(batch.batch)}).status_code == 303
    assert _keys(house) == ["3", "4"], "another store takes nothing back"
    assert browser.post("/approvals/take-back", {"batch": str(batch.batch)}).status_code == 303
    assert _keys(house) == ["1", "2", "3", "4"]


def _digests(browser: Browser) -> dict[str, Any]:
    inputs = [given for tag, given in browser.page("/approvals").tags if tag == "input"]
    return {str(given["name"]): given["value"] for given in inputs if str(given.get("name")).startswith("digest.")}


def test_margins_and_sums_are_exact_and_unknown_is_no_zero() -> None:
    assert margin_bp(11_500, 5_000, 1_500, 0) == 5_000
    assert margin_bp(11_500, 5_000, 1_500, 250) == 4_750
    assert margin_bp(9_999, 9_999, 1_500, 0) == -1_500
    assert (margin_bp(100, None, 1_500, 0), margin_bp(0, 5, 1_500, 0)) == (None, None)
    nothing = sums_of([])
    assert (nothing.count, nothing.expected_week, nothing.largest_bp) == (0, None, None)
    one = RUN.proposed(1, "1", 100, 90, expected_weekly_profit_change=None)
    assert (sums_of([one]).expected_week, sums_of([one]).expected_unknown) == (None, 1)
    known = {"expected_weekly_profit_change": 300, "interval80_low": -100, "interval80_high": 500}
    both = [RUN.proposed(1, "1", 100, 90, **known), RUN.proposed(1, "2", 100, 90, **known | {"interval80_low": -250})]
    sums = sums_of([*both, one])
    assert (sums.expected_week, sums.expected_low, sums.expected_high, sums.expected_unknown) == (600, -350, 1_000, 1)
    without = RUN.proposed(1, "2", 100, 90, **known | {"interval80_low": None})
    assert (sums_of([both[0], without]).expected_low, sums_of([]).expected_high) == (None, None), "no range is no zero"
    assert reason_parts("change_large bp=-1000") == ("change_large", {"bp": "-1000"})
