"""How lists are asked for and answered, page by page."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from thaman_kit.cursors import unseal

T = TypeVar("T")
LAST = 2**62
"""Beyond every place."""

Cursor = Annotated[str | None, Query(description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most items on the page.")]


class Page(BaseModel, Generic[T]):
    """Items, and the cursor of the page after this one."""

    items: list[T]
    next: str | None


def place_of(kind: str, cursor: str | None) -> int:
    """Before which place a page of a list of this ``kind`` begins.

    Raises:
        BadCursor: the cursor is none of that list.
    """
    place: int = unseal(kind, cursor, _place)[0] if cursor else LAST
    return place


def _place(text: str) -> int:
    place = int(text)
    if not 0 <= place <= LAST:
        raise ValueError(f"{place} is beyond every place")
    return place
