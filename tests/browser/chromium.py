"""The system's own Chromium, and what it needs to look at pages; tests skip, with a reason, where it is missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent
AXE = FOLDER / "node_modules/axe-core/axe.min.js"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def require_chromium() -> str:
    """The program; the test is skipped where it, or the rules of accessibility, are not installed."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed (Debian/Ubuntu: apt install chromium)")
    if not AXE.is_file():
        pytest.skip(f"npm packages are missing; run: npm ci --prefix {FOLDER}")
    return program


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. While it is open no event loop can be run in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_chromium(), args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
