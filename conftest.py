"""For the tests of all parts."""

import gc

from hypothesis import settings

# No test is judged by the clock: on a busy machine a single example has waited for a quarter of a second.
settings.register_profile("thaman", deadline=None)
settings.load_profile("thaman")


def pytest_collection_finish() -> None:
    """Spare the garbage collector the thousands of tests themselves, which live until the end anyway."""
    gc.collect()
    gc.freeze()
