"""Python's collector of cycles in processes that make many objects and hardly a cycle.

By its own rules it looks at the youngest objects every 700 and now and then at everything that lives. Events are read
by the thousand, and half of the time of reading them would be such looks.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 100)
"""Net new objects before a look at the youngest; looks at one generation before a look at the next."""


def calm() -> None:
    """From now on look seldom, and never at what lives already."""
    gc.freeze()
    gc.set_threshold(*SELDOM)


@contextmanager
def calmed() -> Iterator[None]:
    """The same for a while."""
    before = gc.get_threshold()
    calm()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
