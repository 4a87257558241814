"""A store's read models made again in a database that is dropped afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager

from thaman_cli.replaying.beside import pages
from thaman_cli.replaying.bulk import UNFIT, is_fit, made_at_once
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.shares import Message, Share
from thaman_cli.world.reading import Connection, connect
from thaman_contracts.subjects import SERVICES
from thaman_kit.collector import calmed
from thaman_kit.scratch import scratch_database

PAGE = 5_000
"""Events that are one transaction of each service; more would hold more in memory and save little."""


@contextmanager
def rebuilt_chain(admin_db_url: str, chain: Chain) -> Iterator[Connection]:
    """As :func:`rebuilt` of the chain's messages; a long one is made at once."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(made_at_once(admin_db_url, chain)) if is_fit(chain) else None
        except UNFIT:
            url, chain.entries = None, 0
        if url is None:
            yield stack.enter_context(rebuilt(admin_db_url, chain.messages()))
        else:
            yield stack.enter_context(connect(url))


@contextmanager
def rebuilt(admin_db_url: str, messages: Iterable[Message]) -> Iterator[Connection]:
    """A connection to a database of its own in which every service has the read models that ``messages`` make.

    Raises:
        NoScratch: the role may not make databases.
        Undeliverable: one of the messages is not known to this release.
    """
    with scratch_database(admin_db_url, SERVICES) as url:
        with closing(Share(url, SERVICES)) as share, calmed():
            for page in pages(messages, PAGE):
                share.fold(page)
            share.finish()
        with connect(url) as connection:
            yield connection
