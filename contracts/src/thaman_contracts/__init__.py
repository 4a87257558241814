"""What Thaman's services say to each other and to you.

Events (:mod:`thaman_contracts.events`), the CloudEvents envelope, NATS subjects, identifiers and money.
Depends on pydantic only, so that another system can install it alone.
"""

from thaman_contracts.envelope import Envelope, EnvelopeError
from thaman_contracts.events import EventData, UnknownEventType, model_of
from thaman_contracts.ids import item_key, split_item_key
from thaman_contracts.money import MoneyError, halalas_from, riyals

__all__ = [
    "Envelope",
    "EnvelopeError",
    "EventData",
    "MoneyError",
    "UnknownEventType",
    "halalas_from",
    "item_key",
    "model_of",
    "riyals",
    "split_item_key",
]
