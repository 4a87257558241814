"""The least number of Salla calls with which the demo's outcome could have been reached.

A yardstick for thrift, computed from the outcome alone (salla.md sections 1, 3 and 4 say what one call can do):

* connecting: one code exchange (none when Salla sends the tokens by webhook), and the three answers that a price
  decision needs: store info, VAT setting, tax rates
* seeing the catalogue: one call per page of 60 products; variants come with them
* seeing past sales: one call per page of 60 orders and one per order for its lines (a list carries none)
* writing: the prices as they are now, by page or one by one, whichever is less; one call per variant; simple products
  one by one (the answer shows the new price), or in one bulk call with a look at the pages after it

The first three count only for a store that this run connected: webhooks keep what is known about the others.
"""

from dataclasses import dataclass
from math import ceil

PAGE = 60
_FACTS = 3


@dataclass(frozen=True)
class Outcome:
    """What was reached for one store in this run."""

    newly_connected: bool
    by_webhook: bool
    products: int
    orders: int
    written_products: int
    written_variants: int


def least_calls(outcome: Outcome) -> int:
    """The least calls for one store's outcome."""
    pages = max(1, ceil(outcome.products / PAGE))
    return (_connecting(outcome, pages) if outcome.newly_connected else 0) + _writing(outcome, pages)


def _connecting(outcome: Outcome, pages: int) -> int:
    exchange = 0 if outcome.by_webhook else 1
    orders = max(1, ceil(outcome.orders / PAGE)) + outcome.orders
    return exchange + _FACTS + pages + orders


def _writing(outcome: Outcome, pages: int) -> int:
    written = outcome.written_products + outcome.written_variants
    if not written:
        return 0
    look_before = min(written, pages)
    simple = min(outcome.written_products, 1 + pages) if outcome.written_products else 0
    return look_before + outcome.written_variants + simple
