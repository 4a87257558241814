"""Every route of the application, as the router knows it, against a second store, other sites and small roles.

A new route is in here by itself. Where the tests below cannot know what to put into it they say so.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import httpx
import pytest

from thaman_contracts.events import EventData, onboarding
from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.inquiry_ports import Kind
from thaman_dashboard.pages.texts import TEXTS
from thaman_dashboard.permissions import Deed, may
from thaman_dashboard.sign_in import hash_of
from thaman_dashboard.testing_events import Run, authorized, edited, item, observed, rules, told
from thaman_dashboard.testing_pages import Browser, House, Markup, owners_at, standing_house
from thaman_dashboard.testing_routes import Entry, Noting, entries, noting_owners
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases

OURS, THEIRS = "77", "78"
KEYS = {OURS: "1", THEIRS: "9001"}
RUNS = {store: Run(store) for store in KEYS}

OUTSIDE: dict[str, str] = {
    "/health": "says nothing",
    "/links": "an operator's key",
    "/operator/links": "an operator's key",
    "/static/{name}": "files of the package",
    "/manifest.webmanifest": "a file of the package",
    "/sw.js": "a file of the package",
    "/offline": "says nothing",
    "/sign-in/{token}": "the link is the permission",
    "/invitations/{token}": "the link is the permission",
    "/arrive": "the token is the permission",
    "/embedded": "Salla's token is the permission",
    "/operator": "an operator's session",
    "/operator/log": "an operator's session",
    "/operator/stop": "an operator's session",
    "/operator/resume": "an operator's session",
    "/operator/sign-in/{token}": "the link is the permission",
    "/operator/sign-out": "an operator's session",
    "/operator/stores/{store_id}/links": "an operator's session",
}
"""Routes without a merchant's session, and why nobody needs one there."""

EVERYBODY: dict[str, str] = {
    "/sign-out": "one's own session",
    "/store": "one's own stores",
    "/sessions/me": "oneself",
    "/sessions/end-others": "one's own sessions",
    "/notifications": "one's own",
    "/notifications/read": "one's own",
    "/audit/verify": "a question, which changes nothing",
}
"""Unsafe routes that no role is refused, and why."""

DEEDS: dict[str, Deed] = {
    **dict.fromkeys(("POST /approvals", "POST /approvals/preview", "POST /approvals/take-back"), Deed.ANSWER),
    "POST /approvals/seen": Deed.ANSWER,
    "POST /pause": Deed.PAUSE,
    "POST /resume": Deed.RESUME,
    "POST /runs": Deed.RUN,
    **dict.fromkeys(("POST /settings", "GET /settings/preview/{preview_id}"), Deed.SETTINGS),
    "POST /products/{item_key:path}": Deed.LIMITS,
    "POST /products/sheet": Deed.LIMITS,
    "POST /products/sheet/{sheet_id}": Deed.LIMITS,
    "POST /products/matches": Deed.MATCHES,
    "POST /products/{item_key:path}/links": Deed.LINKS,
    "POST /products/{item_key:path}/links/remove": Deed.LINKS,
    **dict.fromkeys(("GET /products/{item_key:path}/undo", "POST /products/{item_key:path}/undo"), Deed.UNDO),
    "POST /undo": Deed.UNDO,
    **dict.fromkeys(("GET /policies/new", "POST /policies", "POST /policies/{version}/stage"), Deed.POLICIES),
    "POST /policies/{version}/what-if": Deed.POLICIES,
    "GET /policies/{version}/what-if/{what_if_id}": Deed.POLICIES,
    **dict.fromkeys(("POST /licences", "POST /licences/{licence_id}"), Deed.LICENCES),
    "POST /licences/{licence_id}/revoke": Deed.LICENCES,
    **dict.fromkeys(("GET /keys", "POST /keys", "POST /keys/{key_id}/revoke"), Deed.KEYS),
    "GET /audit/ledger": Deed.EXPORT,
    **dict.fromkeys(("GET /people", "POST /people/invitations"), Deed.PEOPLE),
    "POST /people/invitations/{invitation_id}/revoke": Deed.PEOPLE,
    "POST /people/{person_id}/role": Deed.PEOPLE,
    "POST /people/{person_id}/remove": Deed.PEOPLE,
    # The form names an owner's session; their own everybody may end.
    "POST /sessions/end": Deed.PEOPLE,
}
"""What a role has to permit for a route, by method and path; every other page is for whoever is signed in."""

LINES = frozenset(("/live",))
"""Routes whose answer does not end while the session lasts."""

EMPTY = (
    "search after before brand category state actor since until position by reason at wanted source from cost waiting"
    " market month"
)
PLAIN = dict.fromkeys(EMPTY.split(), "") | {
    "status": "sale",
    "risk": "low",
    "locked": "no",
    "kind": "csv",
    "order": "name",
    "days": "30",
    "scope": "run",
}
"""Parameters that name nothing of a store, each with a value that is one."""

NEEDED = {"/products/{item_key:path}/undo": ("decision",)}
"""Parameters of a query without which there is nothing to see."""

FORMS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "/approvals": lambda its: {"approve": its["proposal_id"], f"digest.{its['proposal_id']}": "d"},
    "/runs": lambda its: {"key": "a-key"},
    "/store": lambda its: {"store_id": its["store_id"]},
    "/sessions/end": lambda its: {"session": its["session"]},
    "/people/{person_id}/role": lambda _: {"role": "viewer"},
    "/policies/{version}/stage": lambda _: {"stage": "live"},
    "/policies/{version}/what-if": lambda _: {"over": "now", "days": "7"},
    "/products/matches": lambda its: {"confirm": its["match_id"]},
    "/products/{item_key:path}/undo": lambda its: {"decision": its["decision"], "key": "k", "digest": "d"},
    "/products/{item_key:path}/links": lambda _: {"competitor": "x", "url": "https://rival.example/1"},
}
"""Forms that name something of a store, or have to be whole before a role is looked at."""

CANARIES = (
    "متجر الكناري", "عطر الكناري", "CANARY-SKU", "منافس الكناري", "https://canary.example", "سبب الكناري",
    "98,765.43", "97,654.32", "49,382.71", "91,111.17", "99,999.91", "96,543.21",
)  # fmt: skip
"""What only the second store has."""

CROSS_SITE = ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {})


@dataclass(frozen=True, slots=True)
class Matrix:
    """The application over two stores, and owners that note what they are asked; ``known`` is what each store has
    under the name of a parameter."""

    house: House
    owners: Noting
    known: dict[str, dict[str, str]]
    their_browser: Browser

    def routes(self, *, safe: bool | None = None) -> list[Entry]:
        """Those that take a session and come to an end."""
        signed_in = [one for one in entries(self.house.app) if one.signed_in and one.path not in LINES]
        return [one for one in signed_in if safe in (None, one.safe)]


@pytest.fixture(scope="module")
def matrix(postgres_server: Databases) -> Iterator[Matrix]:
    """Both stores have something on every page; the second store's is unlike anything of the first."""
    with standing_house(postgres_server) as standing, noting_owners() as owners:
        for store, given in ((OURS, {}), (THEIRS, {"name": CANARIES[0]})):
            standing.streams.deliver(authorized(store, -60 * 24, **given))
        written = {OURS: _tell_ours(standing), THEIRS: _tell_theirs(standing)}
        asked = owners_at("k", **dict.fromkeys(("onboarding", "optimizer", "scheduler", "audit"), owners.url))
        house = House(standing.container, asked)
        browsers = {store: house.browser(store) for store in KEYS}
        known = {
            store: _known(browser, store, written[store]) | _asked(house, browser, store)
            for store, browser in browsers.items()
        }
        yield Matrix(house, owners, known, browsers[THEIRS])
        asked.close()


def _known(browser: Browser, store: str, written: str) -> dict[str, str]:
    """What there is, with the event of its written price, and what only an owner could know."""
    run, key = RUNS[store], KEYS[store]
    browser.post("/people/invitations", {"role": "viewer", "name": CANARIES[0] if store == THEIRS else "x"})
    people, token = browser.get("/people").text, browser._csrf
    sheet = browser.request(
        "POST", "/products/sheet", data={"csrf": token}, files={"sheet": ("products.csv", f"key,cost\n{key},12.34\n")},
        headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    assert sheet.status_code == 303, sheet.text
    made = {"invitation_id": r"/people/invitations/([0-9a-f-]{36})/", "person_id": r"/people/([0-9a-f-]{36})/"}
    return {
        "store_id": store,
        "item_key": key,
        "item": key,
        "proposal_id": str(run.proposal(key)),
        "run_id": str(run.run_id),
        "run": str(run.run_id),
        "decision": str(run.decision(key)),
        "sheet_id": sheet.headers["location"].rpartition("/")[2],
        "session": hash_of(browser.cookies["session"]).hex(),
        "version": "7",
        **{name: re.findall(pattern, people)[0] for name, pattern in made.items()},
        **{name: str(uuid5(NAMESPACE_URL, f"{name}/{store}")) for name in ("licence_id", "undo_id", "match_id")},
        "key_id": f"key-{store}",
        "event_id": written,
    }


def _asked(house: House, browser: Browser, store: str) -> dict[str, str]:
    """Long questions, of which the owners know nothing yet."""
    session, ask = house.desk.sign_in.session(browser.cookies["session"]), house.desk.inquiries.inquiring.ask
    assert session is not None
    title = CANARIES[0] if store == THEIRS else "x"
    return {
        "walk_id": str(ask(session, Kind.WALK)),
        "preview_id": str(ask(session, Kind.EFFECT, changes={"fee_bp": 1}, typed={"fee": "0.01"}, version=1)),
        "what_if_id": str(ask(session, Kind.WHAT_IF, version=7, title=title, over="now", days=7)),
    }


def _tell_ours(house: House) -> str:
    """Gives the event of the price that was written."""
    run, key = RUNS[OURS], KEYS[OURS]
    house.streams.deliver(
        observed(OURS, -60, item(key, 1_000), item("2", 500)), run.asked(-50), run.started(-49),
        run.proposed(-48, key, 1_000, 900), run.proposed(-48, "2", 500, 490), run.decided(-47, "2", 500, 490),
    )  # fmt: skip
    return _event_of(house, run.applied(-46, "2", 500, 490))


def _tell_theirs(house: House) -> str:
    run, key = RUNS[THEIRS], KEYS[THEIRS]
    offers = run.offers(-48, (key, "https://canary.example/1", 9_654_321))
    named = tuple(one.model_copy(update={"competitor": CANARIES[3]}) for one in offers.offers)
    house.streams.deliver(
        observed(THEIRS, -3_000, item(key, 9_876_543, name=CANARIES[1], sku=CANARIES[2], cost=4_938_271),
                 item("9002", 9_876_543, name=CANARIES[1])),
        edited(THEIRS, -2_000, key, 9_876_543, 9_876_543),
        rules(THEIRS, -60, ItemRule(product_id=key, min_price=9_111_117, max_price=9_999_991)),
        run.asked(-50), run.started(-49), offers.model_copy(update={"offers": named}), run.assessed(-47),
        run.proposed(-46, key, 9_876_543, 9_765_432, floor=9_111_117, ceiling=9_999_991, reference=9_654_321,
                     reason_ar=CANARIES[5], reason_en=CANARIES[5]),
        run.proposed(-46, "9002", 9_876_543, 9_765_432), run.decided(-45, "9002", 9_876_543, 9_765_432),
        run.completed(-40),
        told(onboarding.StorePaused, THEIRS, -30, fence=1, reason=CANARIES[5], paused_by="key_1"),
    )  # fmt: skip
    return _event_of(house, run.applied(-44, "9002", 9_876_543, 9_765_432))


def _event_of(house: House, event: EventData) -> str:
    [message] = house.streams.deliver(event)
    return message.envelope.event_id


def _address(matrix: Matrix, entry: Entry, store: str) -> str:
    known = PLAIN | matrix.known[store]
    unknown = [name for name in entry.path_names if name not in known]
    assert not unknown, (
        f"{entry.method} {entry.path}: say in _known of {__file__} what a store has under {unknown}, or in"
        " PLAIN that it names nothing of one"
    )
    needed = httpx.QueryParams({name: known[name] for name in NEEDED.get(entry.path, ())})
    return entry.at(known) + (f"?{needed}" if needed else "")


def _names_something(entry: Entry) -> bool:
    return any(name not in PLAIN for name in entry.path_names)


def _send(
    matrix: Matrix,
    browser: Browser,
    entry: Entry,
    store: str,
    *,
    csrf: str | None = "own",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    address = _address(matrix, entry, store)
    if entry.safe:
        return browser.get(address)
    fields = FORMS[entry.path](matrix.known[store]) if entry.path in FORMS else {}
    return browser.post(address, {"sent": "yes"} | fields, csrf=csrf, headers=headers)


def _is_helpful(answer: httpx.Response, code: str, entry: Entry) -> None:
    """It says what happened and what to do, on a page with a way on."""
    where = f"{entry.method} {entry.path}"
    assert answer.headers["content-type"].startswith("text/html"), where
    page = Markup(answer.text)
    assert page.headings[0] == 1, where
    for part in ("title", "why", "step"):
        assert TEXTS["en"][f"problem.{code}.{part}"] in page.text, (where, part)


def test_every_route_takes_a_session_or_says_why_not(matrix: Matrix) -> None:
    known = {one.path for one in entries(matrix.house.app) if not one.signed_in}
    assert known == set(OUTSIDE), "routes without a session; say in OUTSIDE why nobody needs one there"
    assert {one.path for one in matrix.routes(safe=False)} >= set(EVERYBODY) | set(FORMS)


def test_the_second_store_sees_all_that_is_its_own(matrix: Matrix) -> None:
    """So that what the first one never sees is really there to be seen."""
    browser, seen = matrix.their_browser, ""
    for entry in matrix.routes(safe=True):
        before = len(matrix.owners.asked)
        answer = _send(matrix, browser, entry, THEIRS)
        if _names_something(entry) and len(matrix.owners.asked) == before:
            assert answer.status_code == 200, f"{entry.path}: the fixture gives the second store nothing there"
        seen += answer.text
    assert [canary for canary in CANARIES if canary not in seen] == []


def test_no_path_leads_to_another_stores_things(matrix: Matrix) -> None:
    for entry in matrix.routes():
        browser = matrix.house.browser(OURS)
        matrix.owners.asked.clear()
        answer = _send(matrix, browser, entry, THEIRS)
        where = f"{entry.method} {entry.path}"
        if _names_something(entry):
            assert answer.status_code in (403, 404), (where, answer.status_code)
            _is_helpful(answer, "not_found" if answer.status_code == 404 else "not_allowed", entry)
        _says_nothing_of_theirs(matrix, browser, answer, where)


def _says_nothing_of_theirs(matrix: Matrix, browser: Browser, answer: httpx.Response, where: str) -> None:
    shown = answer.text
    if answer.status_code == 303:
        shown += browser.get(answer.headers["location"]).text
    assert [canary for canary in CANARIES if canary in shown] == [], where
    for one in matrix.owners.asked:
        assert f"/stores/{THEIRS}" not in one.path, (where, one)
        own_path = f"/stores/{OURS}/" in one.path
        assert own_path or one.method == "GET", (where, one, "a change at an owner that is not bound to the store")


def test_no_parameter_of_a_query_shows_another_stores_things(matrix: Matrix) -> None:
    browser = matrix.house.browser(OURS)
    for entry in matrix.routes(safe=True):
        unknown = set(entry.query_names) - PLAIN.keys() - matrix.known[THEIRS].keys()
        assert not unknown, f"{entry.path}: say in _known or PLAIN what goes into {unknown}"
        address = entry.at(PLAIN | matrix.known[OURS])
        for name in entry.query_names:
            answer = browser.get(f"{address}?{httpx.QueryParams({name: (PLAIN | matrix.known[THEIRS])[name]})}")
            _says_nothing_of_theirs(matrix, browser, answer, f"{entry.path}?{name}")


def test_no_other_site_commands_anything(matrix: Matrix) -> None:
    browser = matrix.house.browser(OURS)
    browser.get("/settings")
    for entry in matrix.routes(safe=False):
        for headers in CROSS_SITE:
            matrix.owners.asked.clear()
            answer = _send(matrix, browser, entry, OURS, headers=headers)
            assert answer.status_code == 403, (entry.path, headers)
            _is_helpful(answer, "foreign_form", entry)
            assert matrix.owners.asked == [], entry.path


def test_no_form_without_its_sessions_token_does_anything(matrix: Matrix) -> None:
    browser, other = matrix.house.browser(OURS), matrix.house.browser(OURS)
    other.get("/settings")
    for entry in matrix.routes(safe=False):
        for token in (other._csrf, "", None):
            matrix.owners.asked.clear()
            answer = _send(matrix, browser, entry, OURS, csrf=token)
            assert answer.status_code == 403, (entry.path, token)
            _is_helpful(answer, "foreign_form", entry)
            assert matrix.owners.asked == [], entry.path


def test_every_route_that_not_everybody_may_use_says_what_it_needs(matrix: Matrix) -> None:
    unsafe = {_named(one) for one in matrix.routes(safe=False)}
    assert unsafe == {one for one in DEEDS if not one.startswith("GET ")} | {f"POST {path}" for path in EVERYBODY}
    assert DEEDS.keys() <= {_named(one) for one in matrix.routes()}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_goes_as_far_as_the_permissions_say(matrix: Matrix, role: Role) -> None:
    """A 403 on exactly what the role may not do, with a way on, and no change asked of any owner."""
    early, late, refused = {}, {}, 0
    for entry in matrix.routes():
        deed = DEEDS.get(_named(entry))
        is_allowed = deed is None or may(role, deed)
        browser = matrix.house.browser(OURS, role)
        matrix.owners.asked.clear()
        answer = _send(matrix, browser, entry, OURS)
        if is_allowed and answer.status_code in (401, 403, 415):
            early[_named(entry)] = answer.status_code
        if not is_allowed:
            refused += 1
            assert [one for one in matrix.owners.asked if one.method != "GET"] == [], entry.path
            if answer.status_code == 403:
                _is_helpful(answer, "not_allowed", entry)
            else:
                late[_named(entry)] = answer.status_code
    assert early == {}, f"a role {role} may do this"
    assert late == {}, f"these look at a role {role} too late, or FORMS has no whole form for them"
    assert (refused == 0) == (role is Role.OWNER)


def _named(entry: Entry) -> str:
    return f"{entry.method} {entry.path}"


def test_nobody_gets_in_without_a_session_or_with_one_that_ended(matrix: Matrix) -> None:
    clock = matrix.house.container.clock
    assert isinstance(clock, ManualClock)
    ended = matrix.house.browser(OURS)
    ended.get("/settings")
    clock.advance(timedelta(hours=12, seconds=1))
    for browser, csrf in ((matrix.house.browser(), "x"), (ended, "own")):
        for entry in matrix.routes():
            answer = _send(matrix, browser, entry, OURS, csrf=csrf)
            assert answer.status_code == 401, (entry.method, entry.path)
            _is_helpful(answer, "signed_out", entry)
