"""How shoppers choose. Two kinds of them, and both differ among themselves.

Loyal shoppers know one shop and weigh its price against not buying: a logit, linear in price. Comparison shoppers see
every shop that has the item in stock: a logit over shops, logarithmic in price. Each kind is a mixture over three
degrees of price sensitivity (Gauss-Hermite nodes of a log-normal). The engine's semi-log curve is none of these.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SPREAD = 0.4
NODES = np.exp(_SPREAD * np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0]))
WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0


@dataclass(frozen=True, slots=True)
class Tastes:
    """Per item: the price at which it is usually sold, the share of comparing shoppers, and the utilities.

    ``rival_appeal`` is items x rivals, everything else one number an item.
    """

    worth: Array
    comparing: Array
    loyal_appeal: Array
    loyal_sensitivity: Array
    own_appeal: Array
    rival_appeal: Array
    outside: Array
    compare_sensitivity: Array

    def pull(self, prices: Array, in_stock: Flags) -> Array:
        """How strongly the rivals draw comparison shoppers: items x nodes, from items x rivals."""
        sensitivity = self.compare_sensitivity[:, None, None] * NODES
        log_price = np.log(np.where(in_stock, prices, 1.0) / self.worth[:, None])
        pulls = np.exp(self.rival_appeal[:, :, None] - sensitivity * log_price[:, :, None])
        return np.asarray(np.sum(pulls * in_stock[:, :, None], axis=1))

    def pull_of(self, item: NDArray[np.int64], rival: NDArray[np.int64], price: Array) -> Array:
        """The pull of single rivals at candidate prices: rivals x candidates x nodes, from rivals x candidates."""
        sensitivity = self.compare_sensitivity[item][:, None, None] * NODES
        log_price = np.log(price / self.worth[item][:, None])[:, :, None]
        return np.asarray(np.exp(self.rival_appeal[item, rival][:, None, None] - sensitivity * log_price))

    def share(self, price: Array, pull: Array) -> Array:
        """The share of shoppers who buy here.

        ``price`` is items x candidates; ``pull`` items x nodes, or items x candidates x nodes where rivals would
        answer. The result has the shape of ``price``.
        """
        pull = pull if pull.ndim == 3 else pull[:, None, :]
        ratio = (price / self.worth[:, None])[:, :, None]
        loyal_utility = self.loyal_appeal[:, None, None] - self.loyal_sensitivity[:, None, None] * NODES * (ratio - 1)
        loyal = 1 / (1 + np.exp(-loyal_utility))
        sensitivity = self.compare_sensitivity[:, None, None] * NODES
        own = np.exp(self.own_appeal[:, None, None] - sensitivity * np.log(ratio))
        compared = own / (own + pull + self.outside[:, None, None])
        comparing = self.comparing[:, None, None]
        return np.asarray(((1 - comparing) * loyal + comparing * compared) @ WEIGHTS)


def draw_tastes(
    random: np.random.Generator,
    worth: Array,
    category: NDArray[np.int64],
    rivals: int,
    sensitivity: float,
    comparing: float,
) -> Tastes:
    """Tastes of a store's items; ``sensitivity`` and ``comparing`` are the world's."""
    items, categories = len(worth), int(category.max()) + 1
    by_category = np.exp(random.normal(0.0, 0.15, categories))[category]
    share = random.beta(6 * comparing, 6 * (1 - comparing), items)
    return Tastes(
        worth=worth,
        comparing=share,
        loyal_appeal=random.normal(-0.5, 0.4, items),
        loyal_sensitivity=sensitivity * 4.2 * by_category * np.exp(random.normal(0.0, 0.2, items)),
        own_appeal=random.normal(0.3, 0.3, items),
        rival_appeal=random.normal(0.0, 0.5, (items, rivals)),
        outside=np.exp(random.normal(0.5, 0.4, items)),
        compare_sensitivity=sensitivity * 6.5 * by_category * np.exp(random.normal(0.0, 0.2, items)),
    )
