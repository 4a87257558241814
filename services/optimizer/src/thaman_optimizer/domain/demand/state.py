"""What is known about demand: arrays only, so that it can be kept as bytes and read back bit for bit."""

import io
import json
import zipfile
from dataclasses import dataclass, fields, replace

import numpy as np

from thaman_optimizer.domain.demand.detmath import Floats
from thaman_optimizer.domain.demand.panel import Ints
from thaman_optimizer.domain.demand.priors import MODEL_VERSION

LEVEL, ELASTICITY, CROSS = 0, 1, 2
"""Rows of ``theta``."""

_PER_PRODUCT = ("category", "theta", "covariance", "own_mean", "reference_mean", "sales", "seen")


class StateUnreadable(ValueError):
    """Bytes that are no state of this model version; the message says why."""


@dataclass(frozen=True, slots=True)
class DemandState:
    """Posterior of the demand model for n products in C categories.

    ``theta`` (3, n): log weekly level at the own mean price, elasticity, response to the reference.
    ``covariance`` (6, n): its upper triangle 00, 01, 02, 11, 12, 22.
    ``own_mean``, ``reference_mean`` (n,): the prices, in halalas, that the model measures from; NaN = not yet known.
    ``sales`` (n,): units ever seen; ``seen`` (n,): weeks in stock ever seen.
    ``dispersion``, ``clustering`` (C,): variance = dispersion x mean + clustering x mean².
    ``means``, ``deviations`` (2, C), ``covariates`` (2, 2): the pooled elasticity and cross response.
    ``store_effect`` (), ``category_effect`` (C,): log effects of the last week; ``lasting_effect`` (C,): what both
    together come to in the long run. Levels are learned on the log scale and sink a little under sales that come in
    bursts; the effects make up for it week by week, so it is what a forecast has to begin from.
    """

    product_ids: tuple[str, ...]
    category: Ints
    theta: Floats
    covariance: Floats
    own_mean: Floats
    reference_mean: Floats
    sales: Floats
    seen: Floats
    dispersion: Floats
    clustering: Floats
    means: Floats
    deviations: Floats
    covariates: Floats
    store_effect: Floats
    category_effect: Floats
    lasting_effect: Floats

    def take(self, which: slice | Ints) -> "DemandState":
        """The same knowledge about some of the products."""
        ids = self.product_ids[which] if isinstance(which, slice) else tuple(self.product_ids[i] for i in which)
        return replace(self, product_ids=ids, **{name: getattr(self, name)[..., which] for name in _PER_PRODUCT})

    def effects(self) -> tuple[Floats, Floats]:
        """Log effects on each product (n,): what is there in the long run, and what the last week had beyond it."""
        lasting = self.lasting_effect[self.category]
        return lasting, (self.store_effect + self.category_effect)[self.category] - lasting

    def to_bytes(self) -> bytes:
        """The state as bytes; equal states give equal bytes."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            _put(archive, "head.json", _head(self.product_ids))
            for field in fields(self):
                if field.name != "product_ids":
                    array = io.BytesIO()
                    np.save(array, np.asarray(getattr(self, field.name)), allow_pickle=False)
                    _put(archive, f"{field.name}.npy", array.getvalue())
        return packed.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "DemandState":
        """The state that :meth:`to_bytes` wrote.

        Raises:
            StateUnreadable: not such bytes, or another model version's.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                head = json.loads(archive.read("head.json"))
                if head.get("model") != MODEL_VERSION:
                    raise StateUnreadable(f"written by model {head.get('model')!r}, this is {MODEL_VERSION!r}")
                arrays = {
                    field.name: np.load(io.BytesIO(archive.read(f"{field.name}.npy")), allow_pickle=False)
                    for field in fields(cls)
                    if field.name != "product_ids"
                }
        except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, EOFError, OSError) as error:
            raise StateUnreadable(f"not a kept demand state: {error}") from error
        return cls(product_ids=tuple(head["product_ids"]), **arrays)


def _head(product_ids: tuple[str, ...]) -> bytes:
    return json.dumps({"model": MODEL_VERSION, "product_ids": product_ids}).encode()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Store with a fixed date, so that the same state is the same bytes."""
    archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)
