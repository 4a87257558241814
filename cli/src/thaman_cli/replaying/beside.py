"""Proposals and decisions of a long history made by another process, on another core, which reads the chain itself."""

import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection
from pickle import PicklingError
from typing import TypeVar

from thaman_audit.adapters.moment import Moment
from thaman_cli.errors import CliError
from thaman_kit.collector import calm
from thaman_kit.database import Database
from thaman_optimizer.adapters.bulk.decisions import TYPES, DecisionsFold, prepare

T = TypeVar("T")

IS_POSSIBLE = sys.platform == "linux"
"""Elsewhere a process that holds connections cannot be forked safely."""

PAGE = 10_000
"""Events that are one transaction."""

AHEAD = 10
"""Pages that may wait for the database."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whose history, up to when, and where it is: a ``snapshot`` of a ledger at ``url`` that stays open."""

    url: str
    snapshot: str
    store_id: str
    at: datetime


class Beside:
    """The process. It begins to read at once, and waits for the database that it is to fill."""

    def __init__(self, part: Part) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(self._pipe, theirs, part), daemon=True)
        self._process.start()
        theirs.close()

    def into(self, url: str) -> None:
        """Fill this database, whose tables nobody else writes to but the weeks of items."""
        with suppress(BrokenPipeError):  # it has ended; why is for finish() to say
            self._pipe.send(url)

    def finish(self) -> None:
        """Wait for its end. Raises what became of it."""
        try:
            error = self._pipe.recv()
        except EOFError:
            raise CliError(
                "The store is not made again", "a process of this command was ended from outside", "Run it again."
            ) from None
        if error is not None:
            raise error

    def close(self) -> None:
        """End the process, done or not."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _work(ours: Connection, pipe: Connection, part: Part) -> None:
    # A fork has both ends; while it holds the parent's, it cannot see that the parent is gone.
    ours.close()
    calm()
    with suppress(BrokenPipeError, EOFError, KeyboardInterrupt):
        error = _error_of(pipe, part)
        try:
            pipe.send(error)
        except (TypeError, AttributeError, PicklingError):  # not every error can be told to another process
            pipe.send(ValueError(f"{type(error).__name__}: {error}"))


def _error_of(pipe: Connection, part: Part) -> Exception | None:
    try:
        with Moment.of(part.url, snapshot=part.snapshot) as ledger, ThreadPoolExecutor(1) as writer:
            _fill(pipe, pages(ledger.bodies(part.store_id, part.at, TYPES), PAGE), DecisionsFold(part.store_id), writer)
    except EOFError:
        raise
    except Exception as error:
        return error
    return None


def _fill(
    pipe: Connection, read: Iterator[list[tuple[str, bytes]]], fold: DecisionsFold, writer: ThreadPoolExecutor
) -> None:
    """Take page after page in; each is written while the next one is read."""
    for page in islice(read, AHEAD):
        fold.take(page)
        if pipe.poll():
            break
    with closing(Database(pipe.recv(), "optimizer", 1)) as database:
        prepare(database)
        writing: Future[None] = writer.submit(fold.store, database, fold.rows())
        for page in read:
            fold.take(page)
            writing.result()
            writing = writer.submit(fold.store, database, fold.rows())
        writing.result()
        fold.finish(database)


def pages(rest: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many at once, as long as there are any."""
    rest = iter(rest)
    while page := list(islice(rest, size)):
        yield page
