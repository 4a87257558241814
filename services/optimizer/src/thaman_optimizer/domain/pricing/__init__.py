"""The one door to the pricing engine: plain records in, plain records out. Pure and deterministic.

>>> price(Batch.of(products), policy, now)  # doctest: +SKIP
"""

from thaman_optimizer.domain.pricing.answers import Answers, answer
from thaman_optimizer.domain.pricing.engine import ENGINE, codes_of, input_digest, price
from thaman_optimizer.domain.pricing.policy import PolicyInvalid, PricingPolicy, policy_from
from thaman_optimizer.domain.pricing.reading import ProductInvalid, product_from
from thaman_optimizer.domain.pricing.records import Batch, Offer, Priced, ProductInput, Week
from thaman_optimizer.domain.pricing.scopes import Scope
from thaman_optimizer.domain.pricing.strategies import Strategy

__all__ = [
    "ENGINE",
    "Answers",
    "Batch",
    "Offer",
    "PolicyInvalid",
    "Priced",
    "PricingPolicy",
    "ProductInput",
    "ProductInvalid",
    "Scope",
    "Strategy",
    "Week",
    "answer",
    "codes_of",
    "input_digest",
    "policy_from",
    "price",
    "product_from",
]
