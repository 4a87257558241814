"""Whether a thing is to be had, and is new, from the names that schema.org and OpenGraph have for it."""

from collections.abc import Sequence
from typing import Any

_IN_STOCK = frozenset(("instock", "limitedavailability", "onlineonly", "lowstock", "available"))
_NOT_IN_STOCK = frozenset((
    "outofstock", "soldout", "discontinued", "backorder", "preorder", "presale", "instoreonly", "reserved", "oos",
    "unavailable", "madetoorder", "pending", "availablefororder",
))  # fmt: skip
_NEW = frozenset(("new", "newcondition"))


def tail(value: Any) -> str:
    """The last part of a schema.org address, in lower case and without spaces."""
    if not isinstance(value, str):
        return ""
    last = value[:300].rstrip("/").rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]
    return "".join(one for one in last.lower() if one not in " _-\n\t")


def in_stock_by_name(said: Sequence[Any]) -> bool | None:
    """Whether it is in stock; ``None`` where nothing known is said, or both."""
    names = {tail(one) for one in said}
    answers = {True for _ in names & _IN_STOCK} | {False for _ in names & _NOT_IN_STOCK}
    return answers.pop() if len(answers) == 1 else None


def condition_is_new(said: Sequence[Any]) -> bool:
    """Whether nothing but new is said of the thing's condition."""
    return {tail(one) for one in said} - {""} <= _NEW
