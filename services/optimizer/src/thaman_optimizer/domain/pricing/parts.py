"""Reads parts of the published contract out of JSON, saying in one sentence what is wrong with one that is none."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from thaman_contracts.events.base import Part
from thaman_optimizer.domain.pricing.values import BadValue, shown

P = TypeVar("P", bound=Part)

_SHOULD = re.compile(r"^(Input|String|Datetime) should ")


def part(model: type[P], data: Any, place: str) -> P:
    """The contract's part in a JSON object; a key that it does not have is refused, for it was meant to do something.

    Raises:
        BadValue: not such a part; the message names the first field that is wrong.
    """
    if not isinstance(data, Mapping):
        raise BadValue(f"{place} must be an object")
    strangers = sorted(set(data) - set(model.model_fields))
    if strangers:
        raise BadValue(f"{place}: {strangers[0]!r} is not one of {', '.join(model.model_fields)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadValue(_complaint(error, place)) from error
    except OverflowError as error:
        raise BadValue(f"{place} has a time that lies beyond the years 1 to 9999") from error


def parts(model: type[P], data: Any, place: str) -> tuple[P, ...]:
    """The parts in a JSON list; null is an empty one.

    Raises:
        BadValue: no list, or one of it is no such part.
    """
    if data is None:
        return ()
    if not isinstance(data, list):
        raise BadValue(f"{place} must be a list")
    return tuple(part(model, one, f"{place}[{i}]") for i, one in enumerate(data))


def _complaint(error: ValidationError, place: str) -> str:
    first = error.errors()[0]
    field = ".".join([place, *(str(step) for step in first["loc"])])
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "value_error":
        return f"{field}: {first['ctx']['error']}"
    return f"{field} {_SHOULD.sub('must ', first['msg'])}, not {shown(first['input'])}"
