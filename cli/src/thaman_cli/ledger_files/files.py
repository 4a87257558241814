"""Opening and writing exports by the form that their names say."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from thaman_audit.ledger_import import Lines
from thaman_cli.ledger_files.parquet import SUFFIX, read_parquet, write_parquet
from thaman_cli.pricing.store import write_lines

FORMATS = {"jsonl": ".jsonl", "parquet": SUFFIX}


def write_export(path: Path, form: str, lines: Iterator[bytes]) -> int:
    """Write an export's lines in a form; how many lines there were."""
    return write_parquet(path, lines) if form == "parquet" else write_lines(path, lines)


def opened(path: Path) -> Lines:
    """An export to be read: Parquet where the name ends so, JSON Lines else."""
    return partial(read_parquet, path) if path.suffix == SUFFIX else partial(_read_lines, path)


def _read_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from stream
