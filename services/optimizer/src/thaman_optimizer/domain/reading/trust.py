"""How far each part of a page is trusted, and how much of a page is looked at: all numbers of the reader in one place.

Precedence: what shops write for machines first (JSON-LD, then microdata, then OpenGraph), the text people see last and
only where nothing is written for machines. Sources never outvote each other: two that disagree mean "cannot tell".
Confidences are basis points; the Analyst lets an offer move a price from ``policy.LEAST_OFFER_CONFIDENCE_BP`` on, which
text alone never reaches (pricing.md 4.3: text only as low confidence).
"""

from collections.abc import Mapping

from thaman_contracts.events.optimizer import OfferSource

READER = 2
"""Raised with every change that may read a page differently: pages that an earlier reader read are then read anew."""

ALONE_BP: Mapping[OfferSource, int] = {
    OfferSource.JSON_LD: 10_000,
    OfferSource.MICRODATA: 9_000,
    # Shops often leave the price before a sale in it.
    OfferSource.OPEN_GRAPH: 7_500,
    OfferSource.TEXT: 5_000,
}
"""Confidence in a price that one source gives; also the order of precedence."""

AGREED_BP = 500
"""Added for every further source that gives the same price, the visible text included."""

CERTAIN_BP = 10_000
"""Nothing is surer than this."""

UNSAID_BP = 8_000
"""At most so much before others agree, where the page does not say whether the thing is in stock."""

RANGE_BP = 7_000
"""At most so much where the price is the lowest of several, whoever agrees."""

WIDEST_RANGE = 3, 2
"""Prices of one product further apart than a factor 3/2 are for different things: cannot tell."""

LEAST_PRICE = 100
"""Halalas. Shops without a price to tell write 0, 0.01 or 0.50: below one riyal nothing is believed."""

MAX_LETTERS = 2_000_000
MAX_TAGS = 120_000
MAX_ATTRIBUTES = 2_000
"""Of one tag. The parser's time grows with their square."""

MAX_DEPTH = 200
"""Elements inside each other. The parser drops what is deeper than 255, which would be read as a shorter page."""

MAX_NODES = 5_000
"""Of JSON-LD that are looked at."""

MAX_NESTING = 12
"""Of JSON-LD and microdata inside each other, down to the price."""

MAX_ITEMS = 300
"""Of microdata; a page with more is a list of products."""

MAX_PROPERTIES = 600
"""Of microdata that matter here."""

MAX_AREA_LETTERS = 8_000
"""Of visible text after the product's name."""

MAX_LINES = 400
"""Of visible text after the product's name."""
