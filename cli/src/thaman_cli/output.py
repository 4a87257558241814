"""What the command prints: people get lines and tables on stderr/stdout, machines one JSON object per command.

Colour and live progress appear only on a terminal (rich decides, and ``NO_COLOR`` is obeyed); a pipe gets plain lines.
With ``--json`` everything meant for people goes to stderr, so that stdout holds nothing but the object.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from thaman_cli.errors import CliError

_PIPE_WIDTH = 140


class Output:
    """One command's way of speaking."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(stderr=as_json, highlight=False, soft_wrap=True)
        if not self.console.is_terminal:
            self.console.width = _PIPE_WIDTH

    def line(self, text: str) -> None:
        """One line for people."""
        self.console.print(text)

    def line_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table for people."""
        self.console.print(table(title, columns, rows))

    def result(self, data: dict[str, Any], text: str | Table | None = None) -> None:
        """The command's result: ``data`` with ``--json``, otherwise ``text``."""
        if self.as_json:
            print_json(data)
        elif text is not None:
            self.console.print(text)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that ``what`` goes on, and afterwards how long it took."""
        started = time.monotonic()
        live = self.console.is_terminal
        if live:
            with self.console.status(f"{escape(what)} ..."):
                yield
        else:
            self.line(f"… {escape(what)}")
            yield
        self.line(f"[green]✓[/] {escape(what)} [dim]{time.monotonic() - started:.1f} s[/]")

    def error(self, error: CliError) -> None:
        """What happened, why, and the next step."""
        if self.as_json:
            print_json(error.as_dict())
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"[bold red]✗ {escape(error.what)}[/]")
        if error.why:
            console.print(f"  why:  {escape(error.why)}")
        if error.next_step:
            console.print(f"  next: {escape(error.next_step)}")


def print_json(data: dict[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A plain table; numbers stand to the right."""
    made = Table(title=title or None, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int) for row in rows)
        made.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made
