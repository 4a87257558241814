"""A pytest plugin that begins with the tests that start whole systems.

Test files are handed out one after the other to processes side by side. A file of minutes that comes last leaves the
other processes with nothing to do; the same file at the beginning costs nothing.
"""

from pathlib import Path

import pytest

SLOW = (
    "tests/end_to_end",
    "tests/faults",
    "tests/contracts",
    "tests/benchmarks",
    "services/onboarding/tests/prices",
    "services/optimizer/tests/test_crew",
    "services/optimizer/tests/test_looks",
    "services/optimizer/tests/test_processes",
)
"""Beginnings of paths from the repository's root."""

ROOT = Path(__file__).resolve().parents[2]


def is_slow(path: Path) -> bool:
    """Whether a test file takes long."""
    return path.is_relative_to(ROOT) and path.relative_to(ROOT).as_posix().startswith(SLOW)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first; otherwise the order stays."""
    items.sort(key=lambda item: not is_slow(item.path))
