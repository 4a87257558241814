"""The optimizer's queries by name."""

from collections.abc import Mapping
from functools import cache

from thaman_kit.database import load_queries

_FILES = (
    "adapters/queries.sql",
    "adapters/policies.sql",
    "adapters/assessments.sql",
    "adapters/listings.sql",
    "adapters/undo.sql",
)


@cache
def queries() -> Mapping[str, str]:
    """All queries; a name stands in one file only."""
    found: dict[str, str] = {}
    for name in _FILES:
        more = load_queries("thaman_optimizer", name)
        assert not found.keys() & more.keys(), f"a query of {name} has the name of another"
        found |= more
    return found
