"""What rivals ask: a robust reference price, or the answer that there is none (pricing.md 1.2)."""

from thaman_optimizer.domain.offers.columns import OfferColumns
from thaman_optimizer.domain.offers.market import Market, read_market
from thaman_optimizer.domain.offers.positions import position_prices
from thaman_optimizer.domain.offers.rules import OFFER_RULES, OfferRules

__all__ = ["OFFER_RULES", "Market", "OfferColumns", "OfferRules", "position_prices", "read_market"]
