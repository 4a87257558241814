"""Labelled pairs of product records (Abt-Buy, Amazon-Google), for training and evaluation only; none is shipped.

One pair a line: left record, tab, right record, tab, 1 or 0; a record is ``COL name VAL value`` fields.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thaman_optimizer.domain.matching.corpus import Corpus
from thaman_optimizer.domain.matching.traits import Described

SETS = ("Abt-Buy", "Amazon-Google")
PARTS = ("train", "valid", "test")

_ROOT = Path(__file__).resolve().parents[3]
_FIELD = re.compile(r"COL (\w+) VAL(.*?)(?= COL \w+ VAL|$)")
_INCH = re.compile(r"(?<=[0-9]) ?'(?!\w)")


class DataMissing(Exception):
    """The data are not on this machine; the message says where they are looked for."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labelled pairs: rows of ``corpus`` by index, and whether they are the same thing."""

    corpus: Corpus
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]


def find() -> Path:
    """The folder with the data.

    Raises:
        DataMissing: it is not there.
    """
    folder = Path(os.environ.get("THAMAN_MATCHING_DATA", _ROOT / ".." / "shared" / "data" / "matching")).resolve()
    if not all((folder / name / f"{part}.txt").is_file() for name in SETS for part in PARTS):
        raise DataMissing(f"the matching data are not in {folder}; THAMAN_MATCHING_DATA says where else they are")
    return folder


def digest(folder: Path) -> str:
    """SHA-256 of all files in order."""
    total = hashlib.sha256()
    for name in SETS:
        for part in PARTS:
            total.update((folder / name / f"{part}.txt").read_bytes())
    return total.hexdigest()


def load(folder: Path, name: str, part: str) -> Pairs:
    """One part of one set. What is rare is learned from its records alone, without their labels."""
    left: dict[Described, int] = {}
    right: dict[Described, int] = {}
    rows = [
        (left.setdefault(first, len(left)), right.setdefault(second, len(right)), same)
        for first, second, same in _lines((folder / name / f"{part}.txt").read_text(encoding="utf-8").splitlines())
    ]
    columns = np.array(rows, dtype=np.int64).T
    return Pairs(Corpus.of(tuple(left), tuple(right)), columns[0], columns[1], columns[2] == 1)


def _lines(lines: Iterable[str]) -> Iterable[tuple[Described, Described, int]]:
    for line in lines:
        first, second, same = line.split("\t")
        yield _record(first), _record(second), int(same)


def _record(text: str) -> Described:
    """The inch marks of the originals stand as single quotes in this copy."""
    fields = {name: _INCH.sub('"', value.strip()) for name, value in _FIELD.findall(text.strip())}
    return Described(
        title=fields.get("name", fields.get("title", "")),
        brand=fields.get("manufacturer") or None,
        description=fields.get("description") or None,
    )
