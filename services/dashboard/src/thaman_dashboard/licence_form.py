"""A discount licence as a form: what its document states, as people type it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from thaman_contracts.events.licences import DiscountLicence
from thaman_dashboard.pages.amounts import percent_plain
from thaman_dashboard.pages.numerals import western
from thaman_dashboard.pages.typed import basis_points, day
from thaman_dashboard.policies_ports import LicenceShown
from thaman_dashboard.settings_form import Wrong
from thaman_dashboard.visits import Form

TEXTS = ("number", "authority", "kind", "document")
DAYS = ("starts_on", "ends_on")
LISTS = ("product_ids", "categories")
SHARES = ("min_discount_bp", "max_discount_bp")
NAMES = (*TEXTS, *DAYS, *LISTS, *SHARES)
_NEEDED = ("number", "authority", *DAYS)
_MOST_BP = 10_000


@dataclass(slots=True)
class TypedLicence:
    """What was typed (by field), the licence it makes, and what is wrong with it."""

    values: dict[str, str]
    licence: DiscountLicence | None = None
    wrong: dict[str, Wrong] = field(default_factory=dict)


def as_typed(licence: DiscountLicence) -> dict[str, str]:
    """What a licence states, as a form has it."""
    values = {name: getattr(licence, name) or "" for name in TEXTS}
    values |= {name: getattr(licence, name).isoformat() for name in DAYS}
    values |= {name: "\n".join(getattr(licence, name)) for name in LISTS}
    return values | {name: percent_plain(getattr(licence, name)) for name in SHARES}


def typed(form: Form) -> TypedLicence:
    """Read a form."""
    found = TypedLicence({name: form.one(name) for name in NAMES})
    stated: dict[str, Any] = {}
    for name, text in found.values.items():
        if name in LISTS:
            stated[name] = list(dict.fromkeys(_lines(text, digits=name == "product_ids")))
        elif not text:
            if name in _NEEDED:
                found.wrong[name] = Wrong("needed")
        elif (value := _read(name, text)) is None:
            found.wrong[name] = Wrong("day") if name in DAYS else Wrong("share_between", "0", "100")
        else:
            stated[name] = value
    if not found.wrong:
        _judge(found, stated)
    return found


def state_of(shown: LicenceShown, today: date) -> str:
    """Whether a licence counts on a day: ``running``, or why not."""
    if shown.revoked_from is not None and shown.revoked_from <= today:
        return "revoked"
    if today < shown.licence.starts_on:
        return "coming"
    return "running" if today <= shown.licence.ends_on else "over"


def _lines(text: str, *, digits: bool) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [western(line) for line in lines] if digits else lines


def _read(name: str, text: str) -> Any:
    if name in DAYS:
        return day(text)
    if name not in SHARES:
        return text
    share = basis_points(text)
    return share if share is not None and 0 <= share <= _MOST_BP else None


def _judge(found: TypedLicence, stated: dict[str, Any]) -> None:
    if stated["ends_on"] < stated["starts_on"]:
        found.wrong["ends_on"] = Wrong("order")
        return
    least, most = (stated.get(name) for name in SHARES)
    if least is not None and most is not None and most < least:
        found.wrong["max_discount_bp"] = Wrong("least_most")
        return
    try:
        found.licence = DiscountLicence.model_validate(stated)
    except ValidationError as error:
        found.wrong |= {str(one["loc"][0]): Wrong("refused") for one in error.errors() if one["loc"]}
