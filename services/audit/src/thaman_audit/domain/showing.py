"""Which products an event speaks of, wherever in it: what may be shown to whom asked for some products alone.

``docs/guides/verify_ledger.py`` has the same rule; a test holds the two together.
"""

import json
import re
from collections.abc import Collection
from typing import Any

_NAMED = re.compile(r"\bitem=([0-9]{1,20}(?:/[0-9]{1,20})?)")
"""How a code's detail names another item, for example why a group of variants stays."""


def items_of(data: bytes) -> set[str] | None:
    """The keys of all items that an event's bytes speak of; ``None`` where they are no JSON."""
    try:
        return set(_items(json.loads(data)))
    except (ValueError, RecursionError):
        return None


def is_of(key: str, products: Collection[str]) -> bool:
    """Whether an item is one of ``products``, or a variant of one."""
    return key in products or key.partition("/")[0] in products


def _items(said: Any) -> list[str]:
    if isinstance(said, str):
        return _NAMED.findall(said)
    if isinstance(said, list):
        return [key for part in said for key in _items(part)]
    if not isinstance(said, dict):
        return []
    found = [key for part in said.values() for key in _items(part)]
    if said.get("product_id") is not None:
        variant = said.get("variant_id")
        found.append(f"{said['product_id']}" if variant is None else f"{said['product_id']}/{variant}")
    keys = said.get("keys")
    return found + [str(key) for key in keys] if isinstance(keys, list) else found
