"""Long questions: a page that is there at once, an owner who is asked beside it, and whoever dies meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from thaman_contracts.events import onboarding
from thaman_dashboard.adapters.audit_owners import HttpRecords
from thaman_dashboard.errors import TooManyInquiries
from thaman_dashboard.inquiring import AT_ONCE, INTERRUPTED, MOST_TRIES, ROOM, UNSEEN, Asker, Question
from thaman_dashboard.inquiry_ports import Inquiry, Kind, Progress, State, Tell
from thaman_dashboard.owner_ports import OwnerAway, OwnerRefused, OwnerUnsure
from thaman_dashboard.testing import NOW
from thaman_dashboard.testing_events import authorized, told
from thaman_dashboard.testing_pages import Browser, House, Markup, owners_at, standing_house
from thaman_dashboard.views import Role, SessionView
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.testing import wait_until

STORES = ("77", "78")
EFFECT: dict[str, Any] = {"changes": {"fee_bp": 100}, "typed": {"fee": "1"}, "version": 1}


@pytest.fixture
def house(postgres_server: Databases) -> Iterator[House]:
    """Two stores, whose owners are away."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(*(authorized(store) for store in STORES))
        yield standing


@dataclass
class Answering:
    """An owner that answers as told; where it is held, not before it is let go."""

    says: Callable[[Tell], Any] = lambda tell: "yes"
    heard: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    is_held: bool = False
    goes_on: threading.Event = field(default_factory=threading.Event)

    def ask(self, store_id: str, asked: Mapping[str, Any], tell: Tell) -> Any:
        """One question."""
        self.heard.append((store_id, asked))
        said = self.says(tell)
        if self.is_held:
            assert self.goes_on.wait(60), "nobody let it go on"
        return said


def asker(house: House, owner: Answering) -> Asker:
    """Another process, before this owner."""
    question = Question(owner.ask, TypeAdapter(str))
    return Asker(house.container.inquiries, dict.fromkeys(Kind, question), house.container.clock)


def session_of(house: House, browser: Browser) -> SessionView:
    session = house.desk.sign_in.session(browser.cookies["session"])
    assert session is not None
    return session


def ask(house: House, store_id: str = "77", kind: Kind = Kind.WALK, **asked: Any) -> UUID:
    session = session_of(house, house.browser(store_id))
    return house.desk.inquiries.inquiring.ask(session, kind, **asked)


def found(house: House, inquiry_id: UUID, kind: Kind = Kind.WALK, store_id: str = "77") -> Inquiry:
    inquiry = house.container.inquiries.find(store_id, kind, inquiry_id)
    assert inquiry is not None
    return inquiry


def go_on(house: House, by: timedelta) -> None:
    clock = house.container.clock
    assert isinstance(clock, ManualClock)
    clock.advance(by)


def part_of(page: Markup) -> dict[str, str | None]:
    [part] = [given for _, given in page.tags if given.get("id") == "inquiry"]
    return part


def test_a_page_is_there_at_once_says_how_far_it_is_and_asks_again_until_it_is_answered(house: House) -> None:
    browser = house.browser("77", Role.VIEWER)
    begin = browser.page("/audit/verify")
    assert "hx-get" not in part_of(begin) and ("form", "/audit/verify") in [
        (tag, given.get("action")) for tag, given in begin.tags if given.get("method") == "post"
    ]
    address = browser.post("/audit/verify").headers["location"]
    page = browser.page(address)
    assert "The question waits for its turn." in page.text and "Since you asked: 0 seconds" in page.text
    part = part_of(page)
    assert (part["hx-get"], part["hx-trigger"], part["hx-select"]) == (address, "every 1s", "#inquiry")
    assert address in page.links, "without script there is a link to look again"
    assert browser.get("/audit/verify").headers["location"] == address, "the old address leads to it"
    inquiries, now = house.container.inquiries, house.container.clock.now()
    inquiry = inquiries.claim(now, now)
    assert inquiry is not None
    inquiries.seen([(inquiry, Progress(25_000, 1_000_000))], now)
    go_on(house, timedelta(seconds=7))
    page = browser.page(address)
    assert "The audit walks along the chain" in page.text and "Since you asked: 7 seconds" in page.text
    assert "25,000 of 1,000,000 entries found good" in page.text
    [bar] = [given for tag, given in page.tags if tag == "progress"]
    assert (bar["value"], bar["max"]) == ("25000", "1000000")
    assert "25,000" in browser.page(address, "ar").text and page.unlabelled == []
    walk = {"ok": True, "entries": 1_000_000, "broken_at": None, "reason": None, "took_ms": 7_000}
    assert inquiries.settle(inquiry, house.container.clock.now(), answer=walk)
    page = browser.page(address)
    assert "The chain holds" in page.text and "This answer is of 24 Nov 2026 12:30" in page.text
    assert "hx-get" not in part_of(page), "it is not looked at again"
    assert "hx-get" not in part_of(browser.page("/audit/verify")), "the old address begins anew"


def test_the_same_question_is_asked_once_while_it_is_open(house: House) -> None:
    owner = house.browser("77")
    form = {"deed": "preview", "version": "1", "fee": "1"}
    address = owner.post("/settings", form).headers["location"]
    assert address.startswith("/settings/preview/")
    assert owner.post("/settings", form).headers["location"] == address
    assert house.browser("77").post("/settings", form).headers["location"] == address, "a second device"
    assert owner.post("/settings", form | {"fee": "2"}).headers["location"] != address
    assert house.browser("78").post("/settings", form).headers["location"] != address, "another store"
    house.ask_owners()
    assert "cannot be said now" in owner.page(address).text
    assert owner.post("/settings", form).headers["location"] != address, "what was answered is asked anew"


def test_an_answer_is_for_its_store_its_kind_and_who_may_ask(house: House) -> None:
    walk, effect = ask(house), ask(house, kind=Kind.EFFECT, **EFFECT)
    tried = ask(house, kind=Kind.WHAT_IF, version=3, title="<b>", over="now", days=7)
    addresses = {f"/audit/verify/{walk}": Role.VIEWER, f"/settings/preview/{effect}": Role.OWNER,
                 f"/policies/3/what-if/{tried}": Role.OWNER}  # fmt: skip
    for address, least in addresses.items():
        for role in Role:
            is_allowed = least is Role.VIEWER or role is Role.OWNER
            assert house.browser("77", role).get(address).status_code == (200 if is_allowed else 403), (address, role)
        assert house.browser("78").get(address).status_code == 404, address
        assert house.browser().get(address).status_code == 401, address
    owner = house.browser("77")
    for address in (f"/audit/verify/{effect}", f"/settings/preview/{walk}", f"/policies/4/what-if/{tried}",
                    f"/policies/3/what-if/{effect}", f"/audit/verify/{UUID(int=1)}"):  # fmt: skip
        assert owner.get(address).status_code == 404, address
    page = owner.page(f"/settings/preview/{effect}")
    assert [given["value"] for _, given in page.tags if given.get("name") == "fee"] == ["1"], "as it was typed"
    assert "<b>" not in owner.page(f"/policies/3/what-if/{tried}").html


def test_a_page_that_asks_by_itself_keeps_no_session_alive(house: House) -> None:
    browser = house.browser("77")
    address, session = f"/audit/verify/{ask(house)}", session_of(house, browser)
    go_on(house, timedelta(minutes=1))
    browser.request("GET", address, headers={"HX-Request": "true"})
    assert session in house.desk.own.sessions("77", house.container.clock.now())
    go_on(house, timedelta(hours=12))
    assert browser.request("GET", address, headers={"HX-Request": "true"}).status_code == 401
    assert browser.post("/audit/verify").status_code == 401


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OwnerAway("x"), "owner_away", "does not answer now"),
        (OwnerUnsure("x"), "owner_unsure", "its answer did not arrive"),
        (OwnerRefused("not_found", "x"), "not_found", "does not know what it was asked about"),
        (OwnerRefused("store_not_priced", "x"), "store_not_priced", "has no running subscription. Remove the cause"),
        (OwnerRefused("something_new", "x"), "something_new", "refused the question"),
        (KeyError("x"), INTERRUPTED, "was interrupted"),
    ],
)
def test_why_there_is_no_answer_is_said_with_a_way_on(house: House, error: Exception, code: str, said: str) -> None:
    def fail(_: Tell) -> Any:
        raise error

    walk = ask(house)
    tried = ask(house, kind=Kind.WHAT_IF, version=3, title="x", over="history", days=28)
    effect = ask(house, kind=Kind.EFFECT, **EFFECT)
    process = asker(house, Answering(fail))
    assert [process.ask_next() for _ in range(4)] == [True, True, True, False]
    assert found(house, walk).refusal == code
    browser = house.browser("77")
    for address in (f"/audit/verify/{walk}", f"/policies/3/what-if/{tried}"):
        page = browser.page(address)
        assert said in page.text and "hx-get" not in part_of(page)
        assert [given for tag, given in page.tags if tag == "form" and given["action"] == address.rpartition("/")[0]]
        assert said not in browser.page(address, "ar").text
    assert "What it would do cannot be said now" in browser.page(f"/settings/preview/{effect}").text


def test_a_policy_that_nobody_can_name_now_is_not_asked_about(house: House) -> None:
    answer = house.browser("77").post("/policies/3/what-if", {"over": "now", "days": "7"})
    assert answer.status_code == 503 and "does not answer" in answer.text
    wrong = house.browser("77").post("/policies/3/what-if", {"over": "now", "days": "8"})
    assert wrong.status_code == 422
    assert house.container.application.database.fetch_all("SELECT FROM inquiries") == []


def test_one_that_died_is_noticed_and_has_no_say_any_more(house: House) -> None:
    walk, inquiries, clock = ask(house), house.container.inquiries, house.container.clock
    dead = inquiries.claim(clock.now(), clock.now() - UNSEEN)
    assert dead is not None and dead.tries == 1
    owner = Answering()
    other = asker(house, owner)
    go_on(house, UNSEEN - timedelta(seconds=1))
    assert not other.ask_next(), "it may only be slow"
    go_on(house, timedelta(seconds=1))
    browser = house.browser("77")
    assert other.ask_next() and owner.heard == [("77", {})]
    assert found(house, walk).state is State.ANSWERED and found(house, walk).tries == 2
    assert not inquiries.settle(dead, clock.now(), refusal="late")
    inquiries.put_back(dead)
    assert found(house, walk).answer == "yes"
    again = ask(house)
    for number in range(MOST_TRIES):
        assert inquiries.claim(clock.now(), clock.now() - UNSEEN) is not None, number
        go_on(house, UNSEEN)
        assert ("has begun anew" in browser.page(f"/audit/verify/{again}").text) == (number > 0)
    assert not other.ask_next() and len(owner.heard) == 1, "what kills everybody is left"
    assert found(house, again).refusal == INTERRUPTED
    assert "was interrupted" in browser.page(f"/audit/verify/{again}").text


def test_an_owner_is_asked_one_question_of_a_kind_at_a_time_for_a_store(house: House) -> None:
    first, second = (ask(house, kind=Kind.EFFECT, **EFFECT | {"version": number}) for number in (1, 2))
    walk, theirs = ask(house), ask(house, "78", kind=Kind.EFFECT, **EFFECT)
    inquiries, now = house.container.inquiries, house.container.clock.now()
    claimed = [inquiries.claim(now, now - UNSEEN) for _ in range(4)]
    assert {one.inquiry_id for one in claimed if one} == {walk, theirs} | ({first, second} - {_waiting(house)})
    assert claimed[3] is None
    with (
        house.container.application.database.transaction() as cursor,
        pytest.raises(Exception, match="inquiries_running"),
    ):
        cursor.execute("UPDATE inquiries SET state = 'running' WHERE inquiry_id = %s", (_waiting(house),))
    done = next(one for one in claimed if one is not None and one.inquiry_id in (first, second))
    inquiries.settle(done, now, answer="yes")
    after = inquiries.claim(now, now - UNSEEN)
    assert after is not None and {after.inquiry_id, done.inquiry_id} == {first, second}


def _waiting(house: House) -> UUID:
    [row] = house.container.application.database.fetch_all("SELECT inquiry_id FROM inquiries WHERE state = 'asked'")
    found_id: UUID = row["inquiry_id"]
    return found_id


def test_what_another_takes_is_passed_over(house: House) -> None:
    walk, theirs = ask(house), ask(house, "78")
    inquiries, now = house.container.inquiries, house.container.clock.now()
    with house.container.application.database.transaction() as cursor:
        cursor.execute("SELECT FROM inquiries WHERE inquiry_id = %s FOR UPDATE", (walk,))
        claimed = inquiries.claim(now, now)
        assert claimed is not None and claimed.inquiry_id == theirs
    assert (claimed := inquiries.claim(now, now - UNSEEN)) is not None and claimed.inquiry_id == walk


def test_there_is_room_for_some_and_no_more_than_a_helpful_word_for_the_rest(house: House) -> None:
    for number in range(ROOM.of_store):
        ask(house, kind=Kind.WHAT_IF, version=number, title="x", over="now", days=7)
    browser = house.browser("77")
    refused = browser.post("/audit/verify")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert "Many questions wait for their answer" in refused.text and "Wait a minute" in refused.text
    crowded = browser.post("/settings", {"deed": "preview", "version": "1", "fee": "3"})
    assert crowded.status_code == 503 and "You can save without knowing the effect" in crowded.text
    fees = [given["value"] for _, given in Markup(crowded.text).tags if given.get("name") == "fee"]
    assert fees == ["3"], "what was typed is not lost"
    assert ask(house, kind=Kind.WHAT_IF, version=0, title="x", over="now", days=7), "one that is open is still the same"
    assert ask(house, "78"), "another store has room"
    with house.container.application.database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO inquiries (store_id, inquiry_id, kind, asked, digest, asked_at)"
            " SELECT 'other-' || number, gen_random_uuid(), 'walk', '{}', '', now()"
            " FROM generate_series(1, %s) AS number",
            (ROOM.altogether - ROOM.of_store - 1,),
        )
    with pytest.raises(TooManyInquiries):
        ask(house, "78", kind=Kind.EFFECT, **EFFECT)


def test_answers_go_after_a_day_and_with_their_store(house: House) -> None:
    old = ask(house)
    asker(house, Answering()).ask_next()
    go_on(house, timedelta(hours=23))
    young = ask(house)
    house.container.clean()
    assert found(house, old) and found(house, young)
    go_on(house, timedelta(hours=1))
    house.container.clean()
    assert house.container.inquiries.find("77", Kind.WALK, old) is None and found(house, young)
    assert house.browser("77").get(f"/audit/verify/{old}").status_code == 404
    theirs = ask(house, "78")
    house.streams.deliver(
        told(onboarding.StoreForgotten, "77", 60, reason="requested", asked_at=NOW, due_at=NOW, asked_by="key_1")
    )
    assert house.container.inquiries.find("77", Kind.WALK, young) is None and found(house, theirs, store_id="78")


def test_a_process_asks_a_few_at_once_tells_how_far_they_are_and_leaves_them_when_it_stops(house: House) -> None:
    def half(tell: Tell) -> str:
        tell(1, 2)
        return "yes"

    stores = [f"9{number}" for number in range(AT_ONCE + 1)]
    house.streams.deliver(*(authorized(store) for store in stores))
    asked = {store: ask(house, store) for store in stores}
    owner = Answering(half, is_held=True)
    process = asker(house, owner)

    def states() -> list[State]:
        return sorted(found(house, one, store_id=store).state for store, one in asked.items())

    async def until_it_has_begun() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(process.run(stop))
        await asyncio.to_thread(wait_until, lambda: len(owner.heard) == AT_ONCE)
        go_on(house, timedelta(seconds=1))
        await asyncio.to_thread(wait_until, lambda: _known(house) == AT_ONCE, 60, "how far they are")
        assert states() == [State.ASKED] + [State.RUNNING] * AT_ONCE
        stop.set()
        await running

    asyncio.run(until_it_has_begun())
    assert states() == [State.ASKED] * (AT_ONCE + 1), "they are for another process"
    other = Answering()
    while asker(house, other).ask_next():
        pass
    assert len(other.heard) == len(asked) and set(states()) == {State.ANSWERED}
    owner.goes_on.set()


def _known(house: House) -> int:
    row = house.container.application.database.fetch_one("SELECT count(done) AS count FROM inquiries")
    assert row is not None
    return int(row["count"])


def test_a_walk_is_heard_line_by_line_and_one_that_breaks_off_is_no_verdict() -> None:
    verdict = b'{"store_id": "77", "ok": true, "entries": 9, "broken_at": null, "reason": null}\n'
    for lines, expected in (
        ([b'{"proven": 0, "of": 9}\n', b'{"proven": 5, "of": 9}\n', verdict], [(0, 9), (5, 9)]),
        ([verdict], []),
    ):
        heard: list[tuple[int, int]] = []
        with _sending(lines) as records:
            walk = records.walk("77", lambda done, total: heard.append((done, total)))  # noqa: B023
        assert (walk.ok, walk.entries, heard) == (True, 9, expected)
    with _sending([b'{"proven": 0, "of": 9}\n']) as records, pytest.raises(OwnerUnsure):
        records.walk("77", lambda *_: None)
    with _sending([b'{"proven": 0, "of": 9}\n'], promised=1_000) as records, pytest.raises(OwnerUnsure):
        records.walk("77", lambda *_: None)


@contextmanager
def _sending(lines: list[bytes], promised: int | None = None) -> Iterator[HttpRecords]:
    """An audit that says these lines, and has ``promised`` so many bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.headers["accept"] == "application/x-ndjson"
            self.send_response(200)
            self.send_header("Content-Length", str(promised or sum(map(len, lines))))
            self.end_headers()
            self.wfile.writelines(lines)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        http = owners_at(audit=f"http://127.0.0.1:{server.server_address[1]}")
        try:
            yield HttpRecords(http)
        finally:
            http.close()
            server.shutdown()
            thread.join()
