"""The pages as a browser gets them: whole, in both languages, exact, with nothing of a stranger's in their markup."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from thaman_contracts.events import onboarding
from thaman_contracts.events.optimizer import GuardStep
from thaman_contracts.events.settings import ItemRule
from thaman_contracts.money import riyals
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.pages.chart import HEIGHT, WIDTH, draw
from thaman_dashboard.testing import NOW, Streams
from thaman_dashboard.testing_events import Run, authorized, edited, item, observed, rules, system, told
from thaman_dashboard.testing_pages import Browser, House, Markup, standing_house
from thaman_dashboard.views import OfferPoint, PriceCause, PricePoint, Role
from thaman_kit.embedded.databases import Databases

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'
RUN, BEFORE, FOREIGN = Run("77", "now"), Run("77", "before"), Run("78", "theirs")
DAY = 24 * 60
PATHS = (
    "/",
    "/approvals",
    "/approvals?risk=high&search=3",
    "/approvals?search=nothing-like-it",
    f"/approvals/{RUN.proposal('1')}",
    "/products",
    "/products?status=sale&risk=low&locked=no&search=1",
    "/products/1",
    "/products/2/5",
    "/products/3",
    "/runs",
    f"/runs/{RUN.run_id}",
    f"/runs/{BEFORE.run_id}",
    "/activity",
    "/activity?kind=PriceApplied&item=1",
    "/settings",
    "/notifications",
    "/calendar?month=2026-02",
)


def tell(streams: Streams) -> None:
    """A store with everything that pages can show, and a neighbour."""
    trail = (GuardStep(guard="strategy", outcome="move", before=12_950, after=12_300, detail="<i>strategy</i>"),)
    streams.deliver(
        authorized("77", -40 * DAY, name=EVIL),
        observed("77", -29 * DAY, item("1", 12_950, name=EVIL, sku=EVIL, url="javascript:alert(1)"),
                 item("2/5", 480_000, cost=None, stock=None), item("3", 9_905)),
        BEFORE.asked(-20 * DAY), BEFORE.started(-20 * DAY),
        BEFORE.proposed(-20 * DAY, "1", 12_950, 13_105, expected_weekly_profit_change=1_234),
        BEFORE.decided(-20 * DAY, "1", 12_950, 13_105, by="policy"), BEFORE.applied(-20 * DAY, "1", 12_950, 13_105),
        BEFORE.failed(-20 * DAY + 5),
        edited("77", -8 * DAY, "1", 13_105, 12_950),
        observed("77", -8 * DAY, item("1", 12_950, name=EVIL, sku=EVIL, url="javascript:alert(1)")),
        RUN.asked(-60), RUN.started(-59),
        RUN.offers(-58, ("1", "https://a.example/1", 11_800), ("1", "javascript:alert(3)", 12_100),
                   ("3", "https://a.example/3", None)),
        RUN.assessed(-57),
        RUN.proposed(-56, "1", 12_950, 12_300, floor=9_000, ceiling=16_007, reference=11_950, risk="high", trail=trail,
                     reason_ar=EVIL, reason_en=EVIL, expected_weekly_profit_change=-123_456, interval80_low=-200_001,
                     interval80_high=5),
        RUN.proposed(-56, "3", 9_905, 9_999, risk="low", disposition="write", expected_weekly_profit_change=4_507),
        RUN.decided(-55, "3", 9_905, 9_999, by="policy"), RUN.applied(-54, "3", 9_905, 9_999),
        RUN.held(-56, "2/5", "data_fitness/cost_unknown", reason_en=EVIL), RUN.completed(-50),
        rules("77", -40, ItemRule(product_id="3", min_price=8_001, max_price=12_002)),
        authorized("78"), observed("78", 0, item("9", 100)), FOREIGN.asked(0), FOREIGN.proposed(1, "9", 100, 99),
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over that store; its owners are away. Tests only look at it."""
    with standing_house(postgres_server) as standing:
        tell(standing.streams)
        yield standing


@pytest.fixture
def own_house(container: Container, streams: Streams) -> Iterator[House]:
    """Another one, of a test that tells more."""
    tell(streams)
    built = House(container)
    yield built
    built.http.close()


def test_every_page_is_whole_in_both_languages_and_leads_nowhere_dead(house: House) -> None:
    browser, seen = house.browser("77"), set(PATHS)
    for path in PATHS:
        for language in ("ar", "en"):
            page = browser.page(path, language)
            _is_whole(page, path, language)
            seen |= {link.partition("#")[0] for link in page.links if link.startswith("/")}
    assets = {attributes["href"] for tag, attributes in page.tags if tag == "link"}
    assets |= {attributes["src"] for tag, attributes in page.tags if tag == "script"}
    for link in sorted({*seen, *(address or "" for address in assets)}):
        status = browser.get(link).status_code
        # What an undo would do only its owner knows, and it is away here.
        assert status == 200 or (status == 503 and link.startswith("/undo?")), link


def _is_whole(page: Markup, path: str, language: str) -> None:
    attributes = next(given for tag, given in page.tags if tag == "html")
    assert (attributes["lang"], attributes["dir"]) == (language, "rtl" if language == "ar" else "ltr")
    assert page.headings.count(1) == 1 and page.headings[0] == 1, path
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False)), path
    assert page.unlabelled == [], path
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids)), path
    named = " ".join(given.get(key) or "" for _, given in page.tags for key in ("aria-labelledby", "aria-describedby"))
    assert set(named.split()) <= set(ids), path
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption"), path
    assert ("a", {"class": "skip", "href": "#main"}) in page.tags and "main" in ids
    assert all(given.get("aria-label") or given.get("aria-hidden") for tag, given in page.tags if tag == "svg"), path
    assert not {"style", "img"} & set(tags), path
    scripts = [given for tag, given in page.tags if tag == "script"]
    assert all((given.get("src") or "").startswith("/static/") for given in scripts), f"{path}: none inline"
    assert not [key for _, given in page.tags for key in given if key == "style" or key.startswith("on")], path
    assert all((link.startswith(("/", "#", "https://"))) for link in page.links), path
    for halalas, said in page.amounts:
        assert said.replace(",", "").replace("\u2212", "-").lstrip("+") == str(riyals(halalas)), path


def test_amounts_are_those_of_the_read_models_to_the_halala(house: House) -> None:
    browser = house.browser("77")
    shown = {path: {halalas for halalas, _ in browser.page(path).amounts} for path in PATHS}
    assert shown["/"] >= {4_507}
    assert shown["/approvals"] >= {12_950, 12_300, 9_000, 16_007, 11_950, -123_456, -200_001, 5}
    assert shown[f"/approvals/{RUN.proposal('1')}"] >= {12_950, 12_300, 11_800, 12_100}
    assert shown["/products"] >= {12_950, 480_000, 9_999, 8_001, 12_002}
    assert shown["/products/1"] >= {13_105, 1_234, 12_950, 6_475}


def test_what_strangers_wrote_is_text(house: House) -> None:
    browser = house.browser("77")
    for path in ("/", "/approvals", f"/approvals/{RUN.proposal('1')}", "/products", "/products/1", "/activity"):
        page = browser.page(path)
        assert EVIL in page.text, path
        assert "<script>" not in page.html and "<img" not in page.html, path
    offers = browser.page("/products/1")
    assert "https://a.example/1" in offers.links
    assert "javascript" not in "".join(offers.links)


def test_unknown_is_said_and_never_zero(house: House) -> None:
    page = house.browser("77").page("/products/2/5")
    costs = page.text.partition("Cost without VAT")[2]
    assert costs.startswith(" — unknown")
    assert "Stock — unknown" in page.text
    assert not any(halalas == 0 for halalas, _ in page.amounts)


def test_a_store_that_rests_says_why(own_house: House, streams: Streams) -> None:
    streams.deliver(
        told(onboarding.StorePaused, "77", 5, fence=1, reason="<b>stocktaking</b>", paused_by="key_1"),
        told(onboarding.EntitlementChanged, "77", 6, status="expired"),
        told(onboarding.ReauthorizationRequired, "77", 7, reason="refresh_rejected", detail="x"),
        system(8, stopped=True, fence=1),
    )
    page = own_house.browser("77").page("/")
    assert "No price is written" in page.text
    for said in ("<b>stocktaking</b>", "no running subscription", "not connected", "operator of this installation"):
        assert said in page.text, said
    assert "Allow writing again" in page.text
    assert "Look at all prices now" not in page.text


def test_another_stores_things_do_not_exist(house: House) -> None:
    browser = house.browser("77")
    for path in (f"/approvals/{FOREIGN.proposal('9')}", f"/runs/{FOREIGN.run_id}", "/products/9", "/nowhere"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "No such page" in answer.text, path
    assert "/products/9" not in browser.page("/products").links
    assert browser.get("/approvals/not-an-id").status_code == 422
    assert browser.get("/products?after=forged").status_code == 422


def test_a_viewer_is_offered_nothing_that_changes_anything(house: House) -> None:
    browser = house.browser("77", Role.VIEWER)
    for path in PATHS:
        forms = [given for tag, given in browser.page(path).tags if tag == "form" and given.get("method") == "post"]
        own = {"/notifications", "/notifications/read"}
        assert [form["action"] for form in forms if form["action"] not in own] == ["/sign-out"], path


def test_enter_in_a_form_of_answers_answers_nothing(house: House) -> None:
    """A browser then presses the form's first button: of a tick the first that is enabled, of a text field none if the
    first is disabled."""
    browser = house.browser("77")
    for path, harmless in (
        ("/approvals", ("name", "nothing")),
        (f"/approvals/{RUN.proposal('1')}", ("disabled", None)),
    ):
        tags = browser.page(path).tags
        form = tags.index(
            next(one for one in tags if one[1].get("method") == "post" and one[1]["action"] == "/approvals")
        )
        assert harmless in next(given for tag, given in tags[form:] if tag == "button").items(), path
    assert browser.post("/approvals", {"nothing": "yes"}).status_code == 303
    assert "Nothing was chosen" in browser.page("/approvals").text


def test_why_a_proposal_or_a_decision_came_to_nothing_is_in_words(own_house: House, streams: Streams) -> None:
    """And which policy a proposal follows, if any."""
    keys = ("51", "52")
    streams.deliver(
        observed("77", 3, *(item(key, 1_000) for key in keys)),
        RUN.proposed(4, "51", 1_000, 1_100, policy_version=3), RUN.proposed(4, "52", 1_000, 1_100),
        RUN.expired(5, "51"), RUN.decided(5, "52", 1_000, 1_100), RUN.stale(6, "52"),
    )  # fmt: skip
    browser = own_house.browser("77")
    lapsed = browser.page(f"/approvals/{RUN.proposal('51')}", "ar")
    assert "انقضى وقته" in lapsed.text and "/policies/3" in lapsed.links
    assert "عُدّل السعر يدويًا" in browser.page("/products/52", "ar").text
    assert "The store's settings alone" in browser.page(f"/approvals/{RUN.proposal('52')}").text


def test_lists_are_filtered_and_go_on(own_house: House, streams: Streams) -> None:
    many = [item(str(number), 1_000 + number) for number in range(100, 140)]
    streams.deliver(observed("77", 3, *many))
    streams.deliver(*(RUN.proposed(4, one.key, 1_000, 1_100) for one in many))
    later = GuardStep(guard="a_new_guard", outcome="a_new_outcome")
    streams.deliver(RUN.proposed(5, "2/5", 480_000, 490_000, trail=(later,)))
    browser = own_house.browser("77")
    assert "a_new_guard" in browser.page(f"/approvals/{RUN.proposal('2/5')}").text, "of a later version"
    assert "/products/3" not in browser.page("/approvals?risk=high").links
    for path, kind in (("/products", "/products/1"), ("/approvals", "/products/1"), ("/activity", "/products/1")):
        seen, fields = _all(browser, path, kind)
        assert {f"/products/{one.key}" for one in many} <= seen, path
        assert fields > 1, path


def test_a_product_shows_the_price_that_waits_for_it_among_many_of_like_keys(
    own_house: House, streams: Streams
) -> None:
    alike = [item(f"7{number}", 1_000) for number in range(100, 130)]
    streams.deliver(observed("77", 3, item("7", 1_000), *alike))
    streams.deliver(*(RUN.proposed(4, one.key, 1_000, 1_100) for one in alike), RUN.proposed(9, "7", 1_000, 1_100))
    assert f"/approvals/{RUN.proposal('7')}" in own_house.browser("77").page("/products/7").links


def _all(browser: Browser, path: str, kind: str) -> tuple[set[str], int]:
    """The links of a kind on all pages of a list, and how many pages it has."""
    seen: set[str] = set()
    after, pages = "", 0
    while True:
        page = browser.page(f"{path}?after={after}" if after else path)
        pages += 1
        seen |= {link for link in page.links if link.startswith(kind)}
        cursors = [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "after"]
        if not cursors:
            return seen, pages
        after = str(cursors[0])


def test_the_chart_steps_rests_and_keeps_inside() -> None:
    begins = NOW - timedelta(days=30)

    def step(days: int, price: int | None, cause: PriceCause = PriceCause.APPLIED) -> PricePoint:
        return PricePoint("77", "1", begins + timedelta(days=days), str(days), price, cause, None)

    def point(url: str, days: int, price: int) -> OfferPoint:
        return OfferPoint("77", "1", url, url, begins + timedelta(days=days), price)

    chart = draw(
        [step(-5, 100), step(15, 200), step(21, None, PriceCause.HAND_EDIT), step(24, 150)],
        [point("a", 0, 100), point("a", 15, 200), *(point(one, 1, 120) for one in "bcdef")],
        begins=begins, ends=NOW, floor=0, ceiling=1_000,
    )  # fmt: skip
    assert chart is not None
    assert (chart.low, chart.high) == (88, 212)
    assert chart.path == "M0 270H500V29H700M800 150H1000", "until a hand edit whose price nobody knows"
    assert [dot.x for dot in chart.dots] == [500, 800]
    assert chart.rivals[0].path == "M0 270h0H500V29"
    assert (len(chart.rivals), chart.hidden_rivals) == (4, 2)
    assert chart.band is not None and (chart.band.y, chart.band.height) == (0, HEIGHT)
    assert draw([step(1, None)], [], begins=begins, ends=NOW) is None
    lone = draw([step(1, 100)], [], begins=begins, ends=NOW)
    assert lone is not None and lone.path.endswith(f"H{WIDTH}") and lone.band is None
