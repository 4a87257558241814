"""A store's read models made again in a database that is dropped afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice

from thaman_cli.replaying.beside import IS_POSSIBLE, Beside
from thaman_cli.replaying.shares import Message, Share
from thaman_cli.world.reading import Connection, connect
from thaman_contracts.subjects import SERVICES
from thaman_kit.collector import calmed
from thaman_kit.scratch import scratch_database

PAGE = 5_000
"""Events that are one transaction of each service; more would hold more in memory and save little."""

LONG = 20_000
"""Events from which on a second process, and a database made lighter, are worth their start."""

_BESIDE = ("optimizer",)
"""About as much work as that of all others."""


@contextmanager
def rebuilt(admin_db_url: str, messages: Iterable[Message], length: int = 0) -> Iterator[Connection]:
    """A connection to a database of its own in which every service has the read models that ``messages`` make.

    ``length`` says about how many there are; many are shared with a second process.

    Raises:
        NoScratch: the role may not make databases.
        Undeliverable: one of the messages is not known to this release.
    """
    with scratch_database(admin_db_url, SERVICES, light=length >= LONG) as url:
        with ExitStack() as stack:
            beside = _BESIDE if length >= LONG and IS_POSSIBLE else ()
            shares: list[Share | Beside] = [stack.enter_context(closing(Beside(url, beside)))] if beside else []
            own = [service for service in SERVICES if service not in beside]
            shares.append(stack.enter_context(closing(Share(url, own))))
            stack.enter_context(calmed())
            _fill(shares, messages)
        with connect(url) as connection:
            yield connection


def _fill(shares: list[Share | Beside], messages: Iterable[Message]) -> None:
    rest = iter(messages)
    while page := list(islice(rest, PAGE)):
        for share in shares:
            share.fold(page)
    for share in shares:
        share.finish()
