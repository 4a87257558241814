"""Feeds as shops and merchants write them: what can be read is, what cannot is named, and nothing is guessed."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.pages import steps_of

from thaman_optimizer.domain.feeds import MAX_FEED_BYTES, Feed, FeedRow, FeedUnreadable, parse_feed
from thaman_optimizer.domain.feeds.trust import MAX_FIELD, MAX_ROWS

ONE = "https://rival.example/p/1"
TWO = "https://rival.example/p/2"


def row(price: Any = "129.95", currency: Any = "SAR", **said: Any) -> FeedRow:
    """The row of a feed that says this of one product."""
    fields = {"url": ONE, "title": "Oud", "price": price, "currency": currency, **said}
    feed = parse_feed(json.dumps({name: value for name, value in fields.items() if value is not ...}).encode())
    assert feed.skipped == ()
    return feed.rows[0]


def why_not(feed: Feed) -> list[str]:
    return [one.why for one in feed.skipped]


ENGLISH = f"""url,title,brand,ean,mpn,price,currency,availability,vat_included,updated_at,shop
{ONE},"Oud, royal",Lattafa,6281007034913,X-1,"1,299.00",SAR,in stock,yes,2026-03-02T12:00:00+03:00,Rival
{TWO},Musk,,,,99.5,SAR,out of stock,no,2026-03-02,
"""


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_parts_its_columns_and_lines(delimiter: str, charset: str, end: str) -> None:
    table = io.StringIO()
    csv.writer(table, delimiter=delimiter, lineterminator=end).writerows(csv.reader(io.StringIO(ENGLISH)))
    first, second = parse_feed(table.getvalue().encode(charset)).rows
    assert (first.number, first.url, first.title, first.brand) == (2, ONE, "Oud, royal", "Lattafa")
    assert (first.gtin, first.model, first.competitor) == ("6281007034913", "X-1", "Rival")
    assert (first.price, first.currency, first.in_stock, first.with_vat) == (129_900, "SAR", True, True)
    assert first.observed_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert first.said == {"price": "1,299.00", "currency": "SAR", "availability": "in stock", "vat": "yes"}
    assert (second.number, second.price, second.in_stock, second.with_vat) == (3, 9_950, False, False)
    assert second.observed_at == datetime(2026, 3, 1, 21, tzinfo=UTC)
    assert (second.brand, second.gtin, second.competitor) == (None, None, None)


def test_arabic_columns_in_the_charset_that_is_declared() -> None:
    header = "الرابط;الاسم;السعر;العملة;التوفر;الباركود;شامل الضريبة"
    table = f"{header}\n{ONE};عود ملكي;129,95;ر.س;متوفر;6281007034913;نعم\n"
    (found,) = parse_feed(table.encode("windows-1256"), "windows-1256").rows
    assert (found.title, found.price, found.currency, found.in_stock) == ("عود ملكي", 12_995, "SAR", True)
    assert (found.gtin, found.with_vat) == ("6281007034913", True)
    with pytest.raises(FeedUnreadable, match="utf-8"):
        parse_feed(table.encode("windows-1256"))


@pytest.mark.parametrize(
    "header",
    ["link,name,sale_price", "Product URL,Product Name,Offer Price", "g:link,g:title,g:price", "رابط المنتج,اسم,سعر"],
)
def test_columns_have_more_names_than_one(header: str) -> None:
    (found,) = parse_feed(f"{header},currency,other\n{ONE},Oud,129.95,SAR,x\n".encode()).rows
    assert (found.url, found.title, found.price) == (ONE, "Oud", 12_995)


@pytest.mark.parametrize(
    "text",
    [
        "[%s]",
        '{"offers": [%s]}',
        '{"version": 1, "items": [%s]}',
        "%s",
        "\ufeff%s\n",
    ],
)
def test_json_comes_in_several_shapes(text: str) -> None:
    said = json.dumps({"link": ONE, "name": "Oud", "price": 129.95, "currency": "SAR", "qty": 3, "ean": 6281007034913})
    (found,) = parse_feed((text % said).encode()).rows
    assert (found.number, found.price, found.in_stock, found.gtin) == (1, 12_995, True, "6281007034913")


def test_json_lines_go_on_after_a_bad_one() -> None:
    lines = [json.dumps({"url": f"{ONE}{number}", "title": "Oud"}) for number in range(4)]
    lines[1] = '{"url": "https://rival'
    lines[2] = '["a"]'
    feed = parse_feed("\n".join(lines).encode())
    assert [one.number for one in feed.rows] == [1, 4]
    assert why_not(feed) == ["row 2: it is not a JSON object", "row 3: it is not a JSON object"]


@pytest.mark.parametrize(
    ("price", "currency", "known"),
    [
        ("129.95", "SAR", 12_995),
        ("١٢٩٫٩٥", "ر.س", 12_995),
        ("1,299", "SAR", 129_900),
        ("1.299,50", "SAR", 129_950),
        ("129,95", "SAR", 12_995),
        ("129.95 SAR", ..., 12_995),
        ("SAR 129.95", "SAR", 12_995),
        ("١٬٢٩٩ ريال", None, 129_900),
        ("\u20c1 129.95", "sar", 12_995),
        (129.95, "SAR", 12_995),
        (129, "SAR", 12_900),
        (1.299, "SAR", 130),
    ],
)
def test_prices_are_read_as_pages_are(price: Any, currency: Any, known: int) -> None:
    found = row(price, currency)
    assert (found.price, found.currency, found.unpriced) == (known, "SAR", None)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({"price": "1.299"}, True),
        ({"price": "12 99"}, True),
        ({"price": "from 99"}, True),
        ({"price": "99-120"}, True),
        ({"price": "-99"}, True),
        ({"price": "9" * 100}, True),
        ({"price": True}, True),
        ({"price": {"amount": 99}}, True),
        ({"price": [99]}, True),
        ({"price": "NaN"}, True),
        ({"price": 1e300}, True),
        ({"price": "²99"}, True),
        ({"price": "99 USD"}, True),
        ({"currency": "ريال و درهم"}, True),
        ({"currency": "دينار"}, True),
        ({"currency": 682}, True),
        ({"currency": ...}, True),
        ({"vat": "15%"}, True),
        ({"sale_price": "150"}, True),
        ({"sale_price": "x"}, True),
        ({"sale_price": "99", "sale_price_effective_date": "2026-03-01/2026-03-09"}, True),
        ({"price": "0"}, False),
        ({"price": 0.5}, False),
        ({"price": ""}, False),
        ({"price": None}, False),
        ({"price": ...}, False),
    ],
)
def test_a_price_that_cannot_be_told_is_unknown_and_the_row_stays(said: dict[str, Any], written: bool) -> None:
    found = row(**{"with_vat" if name == "vat" else name: value for name, value in said.items()})
    assert found.unpriced is not None
    assert found.currency is None or found.price is None
    assert found.wrote_price is written
    assert found.price != 0


def test_a_sale_price_is_what_a_buyer_pays_and_zero_is_no_sale() -> None:
    assert (row("129", sale_price="99").price, row("129", sale_price="99").said["was_price"]) == (9_900, "129")
    assert row("129", sale_price=0).price == 12_900
    assert row(..., sale_price="99").price == 9_900


@pytest.mark.parametrize(
    ("said", "known"),
    [
        *((one, True) for one in ("in stock", "https://schema.org/InStock", "yes", "TRUE", "7", "متوفر", "نعم")),
        *((one, False) for one in ("out of stock", "0", "no", "preorder", "نفدت الكمية", "غير متوفر", "sold out")),
        *((one, None) for one in ("", "perhaps", "x" * 500)),
        (True, True),
        (False, False),
        (0, False),
        (12, True),
    ],
)
def test_stock(said: Any, known: bool | None) -> None:
    assert row(in_stock=said).in_stock is known


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",Oud,1,SAR", "row 2: url: it is missing"),
        ("javascript:alert(1),Oud,1,SAR", "row 2: url: 'javascript:alert(1)' is not a plain http or https address"),
        ("http://a:b@rival.example/,Oud,1,SAR", "row 2: url: 'http://a:b@rival.example/' is not a plain"),
        ("/p/1,Oud,1,SAR", "row 2: url: '/p/1' is not a plain"),
        ("http://rival.example/a b,Oud,1,SAR", "row 2: url:"),
        (f"https://rival.example/{'x' * 2_000},Oud,1,SAR", "row 2: url:"),
        (f"{ONE},,1,SAR", "row 2: title: it is missing"),
        (f"{ONE},\u200b,1,SAR", "row 2: title: it is missing"),
        (f"{ONE},Oud,129,95,SAR", "row 2: it has 5 fields where the header has 4"),
        (f"{ONE},Oud,1", "row 2: it has 3 fields where the header has 4"),
        (f"{ONE},{'x' * (MAX_FIELD + 1)},1,SAR", f"row 2: title: it is longer than {MAX_FIELD} letters"),
    ],
)
def test_a_row_that_is_not_understood_is_named_and_the_rest_goes_on(line: str, why: str) -> None:
    feed = parse_feed(f"url,title,price,currency\n{line}\n\n{TWO},Musk,99,SAR,,\n".encode())
    assert [one.title for one in feed.rows] == ["Musk"]
    assert len(feed.skipped) == 1 and feed.skipped[0].why.startswith(why)


def test_a_time_that_is_not_understood_leaves_the_row_out_since_it_might_be_old() -> None:
    for written in ("02/03/2026", "yesterday", 20260302, "0001-01-01T00:00:00+03:00"):
        feed = parse_feed(json.dumps({"url": ONE, "title": "Oud", "date": written}).encode())
        assert feed.rows == () and "row 1: observed_at:" in feed.skipped[0].why


def test_a_quote_that_is_not_closed_costs_rows_and_no_price() -> None:
    lines = [f"https://rival.example/{number},Oud {number},99,SAR" for number in range(10_000)]
    lines[3] = 'https://rival.example/3,"Oud,1,SAR'
    feed = parse_feed(("url,title,price,currency\n" + "\n".join(lines)).encode())
    assert feed.skipped and all(one.price == 9_900 for one in feed.rows)
    assert len(feed.rows) > 3


def test_two_prices_for_one_address_are_none_and_repetitions_count_once() -> None:
    said = [(ONE, "Oud", 99), (TWO, "Musk", 50), (ONE, "Oud", 98), (TWO, "Musk", 50), (TWO, "Musk 2", 50)]
    lines = [f"{url},{title},{price},SAR" for url, title, price in said]
    feed = parse_feed("\n".join(["url,title,price,currency", *lines]).encode())
    assert [(one.number, one.title) for one in feed.rows] == [(3, "Musk"), (6, "Musk 2")]
    assert why_not(feed) == [
        "row 2: price: row 4 has the same url and another price",
        "row 4: price: row 2 has the same url and another price",
        "row 5: url: the row is the same as row 3",
    ]


@pytest.mark.parametrize("other", ["99,USD,", "x,SAR,", ",,", "99,SAR,no"])
def test_a_price_beside_an_unknown_one_is_ambiguous(other: str) -> None:
    feed = parse_feed(f"url,title,price,currency,with_vat\n{ONE},Oud,99,SAR,\n{ONE},Oud,{other}\n".encode())
    assert feed.rows == () and len(feed.skipped) == 2


def test_a_name_with_two_values_makes_its_object_unreadable() -> None:
    feed = parse_feed(
        b'[{"url":"https://a.example/1","title":"A","price":1,"price":2},{"url":"https://a.example/2","title":"B"}]'
    )
    assert why_not(feed) == ["row 1: 'price' has two values"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf \r\n",
        b"<html><body>404</body></html>",
        b"<?xml version='1.0'?><rss/>",
        b"hello",
        b"title,price\nOud,1\n",
        b"url,price\nhttps://a.example,1\n",
        b"[1,",
        b"{",
        b'{"a": 1}',
        b'{"offers": 1}',
        b'{"offers": [], "items": []}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[{}," * 200_000,
        b"[1," + b"1," * 2_000_001 + b"1]",
        b"\xff\xfe\x00",
        b"\x80\x81",
        b"PK\x03\x04\x00",
        b"," * 1_000_000,
        b'"' + b"x" * 1_000_000,
        b"x" * (MAX_FEED_BYTES + 1),
    ],
)
def test_what_is_no_feed_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(FeedUnreadable, match=r"\w"):
        parse_feed(data)


def test_more_rows_than_are_looked_at_are_counted() -> None:
    lines = "".join(f"https://a.example/{number},A\n" for number in range(MAX_ROWS + 7))
    feed = parse_feed(f"url,title\n{lines}".encode())
    assert (len(feed.rows), feed.skipped, feed.beyond) == (MAX_ROWS, (), 7)


def test_rows_of_other_addresses_can_be_passed_over() -> None:
    feed = parse_feed(f"url,title,price\n{ONE},Oud,1\nbad\n{TWO},Musk,2\n {TWO} ,Musk,3\n".encode(), only={TWO})
    assert (feed.rows, len(feed.skipped)) == ((), 2)
    feed = parse_feed(f"url,title,price\n{ONE},Oud,1\nbad\n{TWO},Musk,2\n".encode(), only={TWO})
    assert ([one.number for one in feed.rows], feed.skipped) == ([4], ())


def test_equal_rows_have_equal_digests_and_others_others() -> None:
    assert row().digest == row().digest
    assert row("129.95").digest != row("129.96").digest


# -- Anything at all ---------------------------------------------------------------------------------------------------

CELLS = st.sampled_from([ONE, TWO, "Oud", "عود", "129.95", "١٢٩٫٩٥", "1.299", "SAR", "ر.س", "yes", "2026-03-02", ""])
CELL = CELLS | st.text(max_size=12) | st.sampled_from(['"', ",", ";", "\n", "\x00", "\u202e", "x" * 5_000])
DELIMITERS = st.sampled_from(",;\t|")
COLUMNS = ["url", "title", "price", "currency", "in_stock", "with_vat", "observed_at", "gtin", "sale_price", "?"]


def check(feed: Feed) -> None:
    """What holds of every feed that was read."""
    numbers = [one.number for one in feed.rows] + [one.number for one in feed.skipped]
    assert len(numbers) == len(set(numbers))
    assert all(f"row {one.number}: " in one.why for one in feed.skipped)
    prices: dict[str, set[Any]] = {}
    for one in feed.rows:
        prices.setdefault(one.url, set()).add((one.price, one.currency, one.with_vat))
        assert one.url.startswith("http") and one.url.isprintable() and len(one.url) <= 2_000
        assert one.price is None or 100 <= one.price <= 10**12
        assert (one.unpriced is None) is (one.price is not None and one.currency is not None)
        assert one.currency is None or (len(one.currency) == 3 and one.currency.isupper())
        assert one.observed_at is None or one.observed_at.tzinfo is UTC
        for text in (one.title, one.brand, one.gtin, one.model, one.competitor, *one.said.values()):
            assert text is None or (0 < len(text) <= 200 and text.replace("\u20c1", "").isprintable())
    assert all(len(each) == 1 for each in prices.values())


@settings(deadline=None)
@given(st.permutations(COLUMNS), st.lists(st.lists(CELL, min_size=8, max_size=11), max_size=8), DELIMITERS)
def test_tables_of_anything_are_accounted_for(header: Sequence[str], rows: list[list[str]], delimiter: str) -> None:
    table = io.StringIO()
    csv.writer(table, delimiter=delimiter).writerows([header, *rows])
    feed = parse_feed(table.getvalue().encode("utf-8", "replace"))
    check(feed)
    assert len(feed.rows) + len(feed.skipped) == sum(1 for one in rows if any(cell.strip() for cell in one))


BYTES = st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
VALUE = CELL | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
OBJECT = st.dictionaries(st.sampled_from(COLUMNS), VALUE | st.lists(VALUE, max_size=2))


@settings(deadline=None)
@given(st.lists(OBJECT | VALUE, max_size=8), st.sampled_from(["array", "offers"]))
def test_documents_of_anything_are_accounted_for(rows: list[Any], shape: str) -> None:
    feed = parse_feed(json.dumps(rows if shape == "array" else {"offers": rows}).encode())
    check(feed)
    assert len(feed.rows) + len(feed.skipped) == len(rows)


@settings(deadline=None)
@given(st.lists(OBJECT, min_size=1, max_size=8))
def test_lines_of_anything_are_accounted_for(rows: list[Any]) -> None:
    try:
        feed = parse_feed("\n".join(map(json.dumps, rows)).encode())
    except FeedUnreadable:
        # One line alone may be an object of another kind.
        assert len(rows) == 1 and "url" not in rows[0]
        return
    check(feed)
    assert len(feed.rows) + len(feed.skipped) == len(rows)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BYTES, st.sampled_from([None, "windows-1256", "utf-16"]))
def test_any_bytes_are_a_feed_or_refused(data: bytes, declared: str | None) -> None:
    for given_data in (data, b"url,title,price,currency\n" + data, b"[" + data, b'{"url":' + data):
        try:
            check(parse_feed(given_data, declared))
        except FeedUnreadable as error:
            assert str(error)


@given(st.integers(100, 10**12 - 1))
def test_amounts_survive_to_the_halala(halalas: int) -> None:
    riyals = Decimal(halalas).scaleb(-2)
    assert row(str(riyals)).price == halalas
    assert row(f"{riyals:,}").price == halalas


@pytest.mark.parametrize(
    "feed",
    [
        lambda size: "url,title\n" + "https://a.example/1,A\n" * size,
        lambda size: "url,title,price\n" + "".join(f"https://a.example/1,A,{number}\n" for number in range(size)),
        lambda size: 'url,title\n"' + "a,b\n" * size,
        lambda size: json.dumps([{"url": ONE, "title": "A"}] * size),
    ],
)
def test_twice_the_feed_takes_twice_the_steps_at_most(feed: Any) -> None:
    def read(size: int) -> None:
        parse_feed(feed(size).encode())

    read(2)
    once, twice = steps_of(lambda: read(400)), steps_of(lambda: read(800))
    assert twice <= 2.4 * once + 2_000, (once, twice)
