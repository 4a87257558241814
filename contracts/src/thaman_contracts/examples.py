"""An example of every published event, made from its model alone, the same on every machine.

Golden files and the AsyncAPI document's examples come from here.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from thaman_contracts.events.base import EventData

_WHEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_ID = UUID("6a3ce9b0-3c5c-5b5e-8a57-0d3c8f5a1e11")

_BY_NAME: dict[str, Any] = {
    "store_id": "1305146709",
    "product_id": "1672932878",
    "variant_id": "1936825372",
    "product_ids": ("1672932878",),
    "keys": ("1672932878", "1672932878/1936825372"),
    "name": "عطر العود الملكي 100 مل",
    "currency": "SAR",
    "url": "https://shop.example/p/1672932878",
    "reason_ar": "السعر المرجعي في السوق أعلى من سعرك.",
    "reason_en": "The market's reference price is above yours.",
    "domain": "https://store.example",
    "ends_at": _WHEN + timedelta(days=7),
    "source_id": "rival-feed",
    "from_time": "23:00",
    "until_time": "07:00",
}

_BY_TYPE: dict[type, Callable[[str], Any]] = {
    bool: lambda _: True,
    int: lambda name: 1_500 if name.endswith("_bp") else 12_900 if name.endswith(("price", "floor")) else 3,
    str: lambda name: name.replace("_", " "),
    UUID: lambda _: _ID,
    AwareDatetime: lambda _: _WHEN,
    dict: lambda name: {name: 3},
    date: lambda _: _WHEN.date(),
}


def example_of(model: type[EventData]) -> EventData:
    """A complete instance of ``model``: optional fields are filled too, so that their reading is tested."""
    return model.model_validate(fields_of(model))


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """A value for every field of ``model``; works for stored events and parts, too."""
    return {name: _value(name, info) for name, info in model.model_fields.items()}


def _value(name: str, info: FieldInfo) -> Any:
    if name in _BY_NAME:
        return _BY_NAME[name]
    if isinstance(info.default, int | Enum) and not isinstance(info.default, bool):
        return info.default
    return _of(name, info.annotation)


def _of(name: str, annotation: Any) -> Any:
    origin = get_origin(annotation)
    annotation = dict if origin is dict else annotation
    if origin is Annotated:
        return _of(name, get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _of(name, next(part for part in get_args(annotation) if part is not type(None)))
    if origin is tuple:
        return (_of(name, get_args(annotation)[0]),)
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    if issubclass(annotation, BaseModel):
        return fields_of(annotation)
    return next(make(name) for kind, make in _BY_TYPE.items() if issubclass(annotation, kind))
