"""Parameters that lists share, as a form without script sends them: what is not chosen comes as an empty text."""

from typing import Annotated

from fastapi import Query

from thaman_dashboard.pages.words import codes

Search = Annotated[str, Query(max_length=100, description="A part of a name, SKU or key.")]
Code = Annotated[str, Query(max_length=60)]
Name = Annotated[str, Query(max_length=200, description="A whole name, as it stands.")]
After = Annotated[str | None, Query(max_length=600, description="The next of the page before.")]


def known_code(kind: str, code: str) -> str | None:
    """The code if it is one; a form's "all" and what nobody knows ask for everything."""
    return code if code in codes(kind) else None
