"""The corpus of ordinary and hostile pages: every price is right, or the answer is that one cannot tell."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from thaman_contracts.envelope import encode
from thaman_contracts.events.optimizer import Offer, OfferEvidence, OfferFitness, OfferSource
from thaman_kit.embedded.nats import MAX_PAYLOAD
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.domain.reading import Reading, read_page
from thaman_optimizer.domain.reading.trust import MAX_LETTERS, MAX_TAGS
from thaman_optimizer.domain.run import pages_of

CORPUS = Path(__file__).parent / "corpus"
TODAY = date(2026, 3, 2)
TEXT_PAGE = "<html><body><h1>منتج</h1><p>{}</p></body></html>"
MOST_WITHOUT_ANSWER = 15
"""Per cent of ordinary pages that a person could read and the reader does not."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    why: str
    page: str
    expect: str
    truth: str
    sure: bool


def cases() -> list[Case]:
    return [*_texts(), *(case for path in sorted(CORPUS.glob("*.pages.txt")) for case in _pages(path))]


def _texts() -> Iterator[Case]:
    for number, line in enumerate((CORPUS / "texts.txt").read_text("utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            text, _, rest = line.partition(" => ")
            expect, _, why = rest.partition(" ;; ")
            yield Case(f"texts:{number}", why, TEXT_PAGE.format(_unescaped(text)), expect, expect, sure=False)


def _pages(path: Path) -> Iterator[Case]:
    for part in re.split(r"^### ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, page = part.partition("\n---\n")
        name, *lines = head.splitlines()
        keys = dict(line.split(": ", 1) for line in lines)
        expect = keys["expect"]
        yield Case(
            f"{path.name.partition('.')[0]}:{name}",
            keys["why"],
            _unescaped(page.removesuffix("\n")),
            expect,
            keys.get("truth", expect),
            keys.get("sure", "yes") == "yes",
        )


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)


def said(reading: Reading) -> str:
    """A reading in the corpus's own words."""
    if reading.fitness in (OfferFitness.UNREADABLE, OfferFitness.NO_PRICE):
        assert reading.price is None
        return "cannot tell" if reading.fitness is OfferFitness.UNREADABLE else "no price"
    assert reading.price is not None
    words = [f"{Decimal(reading.price).scaleb(-2)} {reading.currency}"]
    words += {True: ["in stock"], False: ["out of stock"], None: []}[reading.in_stock]
    words += [] if reading.with_vat else ["without VAT"]
    words += ["stale"] if reading.fitness is OfferFitness.STALE else []
    assert (reading.fitness is OfferFitness.OUT_OF_STOCK) is (reading.in_stock is False)
    return ", ".join(words)


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_page_is_read_as_expected(case: Case) -> None:
    reading = read_page(case.page).on(TODAY)
    assert said(reading) == case.expect, (case.why, reading)
    if reading.fitness is OfferFitness.USABLE:
        assert (reading.confidence_bp >= LEAST_OFFER_CONFIDENCE_BP) is case.sure, reading


def test_no_price_that_may_move_another_is_wrong_and_few_are_missed() -> None:
    """What is written down as expected is itself held to the two rules that the reader has to keep."""
    readings = [(case, read_page(case.page).on(TODAY)) for case in CASES]
    amounts = {case.name: case.truth.partition(",")[0] for case in CASES}
    wrong = [
        case.name
        for case, reading in readings
        if reading.price is not None and said(reading).partition(",")[0] != amounts[case.name]
    ]
    assert wrong == []
    ordinary = [(case, reading) for case, reading in readings if case.name.startswith("ordinary:")]
    told = [case for case, _ in ordinary if case.truth not in ("cannot tell", "no price")]
    missed = [case.name for case, reading in ordinary if case in told and reading.price is None]
    assert len(missed) * 100 <= MOST_WITHOUT_ANSWER * len(told), missed


def test_the_corpus_is_large_and_its_names_are_its_own() -> None:
    assert len(CASES) >= 160
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.page for case in CASES}) == len(CASES)
    assert sum(case.name.startswith("hostile:") for case in CASES) >= 60
    assert sum(case.name.startswith("ordinary:") for case in CASES) >= 40


GOOD = (
    '<script type="application/ld+json">{"@type":"Product","name":"A","offers":{"@type":"Offer","price":"299",'
    '"priceCurrency":"SAR","availability":"InStock"}}</script>'
)
OFFER = '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="price" content="1">'

TOO_MUCH: dict[str, Callable[[], str]] = {
    "larger than any page": lambda: GOOD + "x" * MAX_LETTERS,
    "more tags than any page": lambda: GOOD + "<b>" * MAX_TAGS,
    "nested without end": lambda: "<div>" * 50_000 + GOOD,
    "nested in the head": lambda: GOOD + "<span>" * 300 + "1 ر.س",
    "a list in a list in a list": lambda: f'<script type="application/ld+json">{"[" * 100_000}</script>',
    "an object in an object": lambda: (
        "<script type=application/ld+json>" + '{"@graph":' * 3_000 + "1" + "}" * 3_000 + "</script>"
    ),
    "a graph of too many": lambda: f'<script type="application/ld+json">{{"@graph":[{"{}," * 6_000}{{}}]}}</script>',
    "digits without end": lambda: (
        f'<script type="application/ld+json">{{"@type":"Product","offers":{"9" * 500_000}}}</script>'
    ),
    "items in items": lambda: '<div itemscope itemtype="https://schema.org/Product">' + OFFER * 150,
    "items without end": lambda: f'<div itemscope itemtype="https://schema.org/Product">{OFFER}</div></div>' * 5_000,
    "properties without end": lambda: (
        f'<div itemscope itemtype="https://schema.org/Product">{"<i itemprop=price>1</i>" * 20_000}'
    ),
    "references without end": lambda: (
        '<div itemscope itemref="'
        + " ".join(f"r{number}" for number in range(50_000))
        + '">'
        + "".join(f'<b id="r{number}" itemprop="offers">1</b>' for number in range(5_000))
    ),
    "a prefix without end": lambda: (
        f'<html prefix="{"a" * 500_000}"><head prefix="{"b" * 500_000}"><meta property="x:y" content="z">'
    ),
    "attributes without end": lambda: "<p " + " ".join(f"a{number}=1" for number in range(60_000)) + ">299 ر.س",
    "a tag without end": lambda: "<p class='" + "x " * 400_000,
    "tags that do not end": lambda: "<a" * 100_000,
    "a comment that does not end": lambda: "<!--" + "-" * 1_000_000,
    "comments that do not end": lambda: "<!--" * 100_000,
    "ends without beginnings": lambda: "</p>" * 100_000,
    "entities without end": lambda: "<h1>A</h1><p>" + "&amp;&#49;&nbsp;" * 100_000 + " ر.س",
    "digits on the page without end": lambda: "<h1>A</h1><p>" + "1," * 400_000 + " SAR",
    "a heading that is a book": lambda: f"<h1>{'كتاب ' * 200_000}</h1><p>299 ر.س 350 ر.س</p>",
    "headings without end": lambda: "<h1>A</h1>" + "<h2>1 ر.س</h2><h2>2 ر.س</h2>" * 15_000,
    "white space without end": lambda: "<h1>A</h1><p>299" + " " * 1_500_000 + "ر.س 300 ر.س",
    "a style sheet without end": lambda: "<style>" + ".a{" * 300_000 + "</style><h1>A</h1>",
    "hidden names without end": lambda: (
        "<style>" + "".join(f".a{n}{{display:none}}" for n in range(20_000)) + "</style>"
    ),
    "NULs": lambda: "\x00" * 1_000_000,
    "half characters": lambda: "\ud800" * 100_000,
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_pages_that_want_to_be_too_much_get_an_answer(name: str) -> None:
    """The suite's own time limit is what a reader that hangs would break; sizes are near the reader's limits."""
    # A last tag, because text after it would not be read.
    reading = read_page(TOO_MUCH[name]() + "</html>")
    assert reading.fitness in (OfferFitness.UNREADABLE, OfferFitness.NO_PRICE), reading


def test_wrong_charsets_lose_letters_and_never_change_digits() -> None:
    page = f"<html><head>{GOOD}</head><body><h1>عطر</h1><p>299 ر.س</p></body></html>"
    for taken in ("windows-1256", "latin-1", "utf-8"):
        for given in ("utf-8", "windows-1256"):
            seen = page.encode(given, "replace").decode(taken, "replace")
            assert said(read_page(seen)) == "299.00 SAR, in stock"
    as_utf16 = page.encode("utf-16").decode("utf-8", "replace")
    assert said(read_page(as_utf16)) in ("299.00 SAR, in stock", "cannot tell")


def test_evidence_is_bounded_and_clean() -> None:
    """What is kept of a page is short, visible and inert, whatever the page has."""
    page = GOOD.replace('"299"', '"' + "9" * 500 + '\\u0000\\u202e<script>"').replace(
        '"InStock"', '"' + "\\u0007x" * 900 + '"'
    )
    evidence = read_page(page).evidence
    assert evidence is not None
    assert evidence.price is not None and len(evidence.price) <= 200
    kept = evidence.model_dump(mode="json", exclude_none=True)
    for text in (one for one in kept.values() if isinstance(one, str)):
        assert len(text) <= 200
        assert text.isprintable()


def test_events_full_of_the_longest_evidence_fit_into_messages() -> None:
    """What rivals write on their pages must not stop a store's events."""
    longest = "🧿" * 200
    words = dict.fromkeys(("price", "currency", "availability", "was_price", "vat", "valid_until"), longest)
    offer = Offer(
        product_id="1" * 20,
        variant_id="2" * 20,
        competitor="c" * 200,
        url="https://rival.example/" + "\U0001f9ff" * 1_970,
        fitness=OfferFitness.UNREADABLE,
        observed_at=datetime(2026, 3, 2, tzinfo=UTC),
        digest="0" * 64,
        detail="\U0001f9ff" * 300,
        evidence=OfferEvidence(sources=tuple(OfferSource), **words),
    )
    pages = list(pages_of([offer] * 450))
    assert [one for page in pages for one in page] == [offer] * 450
    for page in pages:
        assert len(encode({"offers": [one.model_dump(mode="json") for one in page]})) < MAX_PAYLOAD - 10_000
    plain = offer.model_copy(update={"url": "https://rival.example/p", "evidence": None, "detail": None})
    assert [len(page) for page in pages_of([plain] * 450)] == [200, 200, 50]
    assert list(pages_of([])) == []
