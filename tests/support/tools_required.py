"""A pytest plugin: with ``THAMAN_REQUIRE_TOOLS`` set, a test that skips for want of npm packages or a browser fails."""

import os
from collections.abc import Generator

import pytest

MARKERS = ("npm", "browser")
VARIABLE = "THAMAN_REQUIRE_TOOLS"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip into a failure, with the reason in it."""
    report = yield
    marker = next(filter(item.get_closest_marker, MARKERS), None)
    if report.skipped and os.environ.get(VARIABLE) and marker:
        report.outcome = "failed"
        report.longrepr = f"{VARIABLE} is set, yet this {marker} test was skipped: {report.longrepr}"
    return report
