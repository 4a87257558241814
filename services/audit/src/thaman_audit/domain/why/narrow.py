"""What an entry about many items says of one: models of hundreds of offers are not made for the sake of three."""

import json
from dataclasses import replace
from typing import Any

from pydantic_core import from_json

from thaman_audit.verify import Entry
from thaman_contracts.ids import split_item_key

_LISTS = ("items", "offers")


def about(item: str, entry: Entry) -> Entry:
    """The entry with the parts about ``item`` alone in its data; one that cannot be read is left as it is."""
    wanted = split_item_key(item)
    try:
        said = from_json(entry.data)  # twice as fast, and it may be hundreds of kilobytes
        narrowed = {name: _only(wanted, said[name]) for name in _LISTS if name in said}
    except (ValueError, TypeError, AttributeError, KeyError):
        return entry
    return replace(entry, data=json.dumps(said | narrowed).encode()) if narrowed else entry


def _only(wanted: tuple[str, str | None], parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [part for part in parts if (part["product_id"], part.get("variant_id")) == wanted]
