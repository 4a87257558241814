"""How far a feed is trusted, and how much of one is looked at: all its numbers in one place."""

FEED_BP = 9_500
"""Confidence in a row's price. A column of its own says it, so nothing is read out of markup; but no buyer sees a feed,
and one that is made at night may be behind its shop. So it is less than JSON-LD of the page itself, and more than
anything that can be mistaken for another amount."""

MAX_FEED_BYTES = 20_000_000
"""Of the file, unpacked."""

MAX_ROWS = 50_000
"""Rows beyond these are not looked at."""

MAX_COLUMNS = 200
MAX_FIELD = 4_000
"""Letters of one field that is looked at; longer ones are a file with a quote that is not closed."""

MAX_VALUES = 2_000_000
MAX_NODES = 300_000
"""Of a JSON document, values and lists or objects: what it takes in memory must not be a stranger's choice."""
