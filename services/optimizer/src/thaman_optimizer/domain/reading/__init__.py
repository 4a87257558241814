"""What a product page says about its price, or that one cannot tell.

Pages are other people's and may say anything. Nothing here guesses: a price counts where schema.org's Product and Offer
(JSON-LD or microdata) or OpenGraph give it as one number with a currency, and nothing else on the page says otherwise.
The text that people see is read only where nothing is written for machines, with a confidence that moves no price
(:mod:`~thaman_optimizer.domain.reading.trust` has all the numbers). Nothing of a page is ever executed or followed.
"""

from thaman_optimizer.domain.reading.answers import Reading, cannot_tell
from thaman_optimizer.domain.reading.identity import Identity, read_identity
from thaman_optimizer.domain.reading.numbers import read_price
from thaman_optimizer.domain.reading.page import read_page

__all__ = ["Identity", "Reading", "cannot_tell", "read_identity", "read_page", "read_price"]
