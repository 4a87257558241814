"""A feed's rows from its bytes."""

import codecs
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from thaman_optimizer.domain.feeds.documents import json_records
from thaman_optimizer.domain.feeds.fields import Fields, row_of
from thaman_optimizer.domain.feeds.rows import Feed, FeedRow, FeedUnreadable, Skipped
from thaman_optimizer.domain.feeds.tables import csv_records
from thaman_optimizer.domain.feeds.trust import MAX_FEED_BYTES, MAX_ROWS

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def parse_feed(data: bytes, declared: str | None = None, only: Collection[str] | None = None) -> Feed:
    """Read a feed. ``declared`` is the charset that its answer names; a byte order mark counts before it.

    With ``only``, rows of other addresses than these are passed over, which is much quicker.

    Raises:
        FeedUnreadable: no row of it can be read.
    """
    if len(data) > MAX_FEED_BYTES:
        raise FeedUnreadable(f"it is larger than {MAX_FEED_BYTES} bytes")
    text = _decoded(data, declared).lstrip("\ufeff\r\n ")
    if not text.strip():
        raise FeedUnreadable("it is empty")
    if text.startswith("<"):
        raise FeedUnreadable("it is XML or a web page; a feed is CSV or JSON")
    rows: list[FeedRow] = []
    skipped: list[Skipped] = []
    beyond = 0
    for number, record in json_records(text) if text[0] in "[{" else csv_records(text):
        if only is not None and not (isinstance(record, Mapping) and _url_of(record) in only):
            continue
        if len(rows) + len(skipped) >= MAX_ROWS:
            beyond += 1
            continue
        found = record if isinstance(record, Skipped) else row_of(number, record)
        if isinstance(found, FeedRow):
            rows.append(found)
        else:
            skipped.append(found)
    kept, doubtful = _unambiguous(rows)
    return Feed(tuple(kept), tuple(sorted([*skipped, *doubtful], key=lambda one: one.number)), beyond)


def _decoded(data: bytes, declared: str | None) -> str:
    charset = next((name for mark, name in _MARKS if data.startswith(mark)), declared or "utf-8")
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError, ValueError) as error:
        raise FeedUnreadable(
            f"it is not {charset[:20]}; save it as UTF-8, or let its server say another charset in Content-Type"
        ) from error


def _url_of(fields: Fields) -> str | None:
    url = fields.get("url")
    return url.strip() if isinstance(url, str) else None


def _unambiguous(rows: Sequence[FeedRow]) -> tuple[list[FeedRow], list[Skipped]]:
    """The rows without those that contradict each other on an address's price, and without repetitions."""
    by_url: dict[str, list[FeedRow]] = defaultdict(list)
    for row in rows:
        by_url[row.url].append(row)
    skipped: dict[int, Skipped] = {}
    for url, same in by_url.items():
        first, *others = same
        if len({(row.price, row.currency, row.with_vat) for row in same}) > 1:
            for row in same:
                other = others[0].number if row is first else first.number
                why = f"row {row.number}: price: row {other} has the same url and another price"
                skipped[row.number] = Skipped(row.number, why, url)
            continue
        seen: dict[str, int] = {}
        for row in same:
            if row.digest in seen:
                why = f"row {row.number}: url: the row is the same as row {seen[row.digest]}"
                skipped[row.number] = Skipped(row.number, why, url)
            seen.setdefault(row.digest, row.number)
    return [row for row in rows if row.number not in skipped], list(skipped.values())
