"""How lists are asked for and answered, page by page."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")
Cursor = Annotated[str | None, Query(description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most items on the page.")]


class Page(BaseModel, Generic[T]):
    """Items, and the cursor of the page after this one."""

    items: list[T]
    next: str | None
