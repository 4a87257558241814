"""How far a long piece of work is: a bar on a terminal, a line now and then in a pipe; always on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

STEP = 10
"""Percent after which a pipe gets another line."""


@contextmanager
def progress(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes how much is done and how much there is in all, which may grow."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _bar(console, what) if console.is_terminal else _lines(console, what, unit) as tell:
        yield tell


@contextmanager
def _bar(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # late: slow

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _lines(console: Console, what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        step = 100 * done // max(total, 1) // STEP
        if step > told:
            told = step
            console.print(f"… {what}: {done:,} of about {total:,} {unit}", markup=False)

    yield tell
