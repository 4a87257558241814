"""A share of the work done by another process, on another core."""

import multiprocessing
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection

from thaman_cli.errors import CliError
from thaman_cli.replaying.shares import Message, Share
from thaman_kit.collector import calm

IS_POSSIBLE = sys.platform == "linux"
"""Elsewhere a process that holds connections cannot be forked safely."""


class Beside:
    """Like :class:`Share`, but a page behind at most. Make it before anything opens connections or threads for it."""

    def __init__(self, url: str, services: Sequence[str]) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(self._pipe, theirs, url, services), daemon=True)
        self._process.start()
        theirs.close()
        self._in_hand = 0

    def fold(self, page: Sequence[Message]) -> None:
        """Hand the next messages over, when those before are done. Raises what became of them, as a share does."""
        self._settle()
        self._pipe.send(page)
        self._in_hand = 1

    def finish(self) -> None:
        """Wait for the rest and the end. Raises as :meth:`fold`."""
        self.fold(())
        self._settle()

    def close(self) -> None:
        """End the process, done or not."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def _settle(self) -> None:
        if not self._in_hand:
            return
        try:
            error = self._pipe.recv()
        except EOFError:
            raise CliError(
                "The store is not made again", "a process of this command was ended from outside", "Run it again."
            ) from None
        self._in_hand = 0
        if error is not None:
            raise error


def _work(ours: Connection, pipe: Connection, url: str, services: Sequence[str]) -> None:
    # A fork has both ends; while it holds the parent's, it cannot see that the parent is gone.
    ours.close()
    calm()
    with suppress(BrokenPipeError, EOFError, KeyboardInterrupt):
        pipe.send(_error_of(pipe, url, services))


def _error_of(pipe: Connection, url: str, services: Sequence[str]) -> Exception | None:
    try:
        with closing(Share(url, services)) as share:
            while page := pipe.recv():
                share.fold(page)
                pipe.send(None)
            share.finish()
    except EOFError:
        raise
    except Exception as error:
        return error
    return None
