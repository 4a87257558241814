"""A pytest plugin: with ``THAMAN_REQUIRE_NPM`` set, a test marked ``npm`` that skips is a failure."""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip into a failure, with the reason in it."""
    report = yield
    if report.skipped and os.environ.get("THAMAN_REQUIRE_NPM") and item.get_closest_marker("npm"):
        report.outcome = "failed"
        report.longrepr = f"THAMAN_REQUIRE_NPM is set, yet this npm test was skipped: {report.longrepr}"
    return report
