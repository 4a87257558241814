"""What all browser tests share: the installation, Chromium, and people at it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium, require_chromium
from tests.browser.installation import Installation, installation
from tests.browser.person import Come, Person
from thaman_kit.language import Language

# Journeys are no test modules by their name; what they assert shall be told all the same.
pytest.register_assert_rewrite("tests.browser.journeys")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The installation, with two stores that were priced."""
    require_chromium()
    with installation(tmp_path_factory.mktemp("browser") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def browser(world: Installation) -> Iterator[Browser]:
    """Chromium."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def come(browser: Browser, world: Installation) -> Iterator[Come]:
    """Lets somebody come; what their browser said last is judged at the end."""
    with ExitStack() as stack:

        def one(language: Language, width: int) -> Person:
            person = Person(browser, world, language, width)
            stack.callback(person.leave)
            return person

        yield one
