"""A policy as a form: what it says as texts, and what was typed as a policy. Rows that name no kind are left out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from thaman_contracts.events.policies import DateRest, PricePolicy, ScopedStrategy, SeasonRest
from thaman_dashboard.pages.amounts import RIYADH, percent_plain
from thaman_dashboard.pages.typed import amount_plain, basis_points, halalas, instant, whole
from thaman_dashboard.settings_fields import bounds_of
from thaman_dashboard.settings_form import Unreadable, Wrong
from thaman_dashboard.visits import Form

MOST_ROWS: Mapping[str, int] = {"s": 30, "r": 12, "d": 30}
"""Strategies, rests in seasons and rests on dates that a form shows; a policy with more is written through the API."""

Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class PolicyField:
    """One field: what of the contract it says, and how it is read and written. Empty is left out."""

    of: type[BaseModel]
    name: str
    read: Read
    write: Callable[[Any], str]
    is_number: bool = False


@dataclass(slots=True)
class TypedPolicy:
    """What was typed (by field), the policy it makes, and what is wrong with it."""

    values: dict[str, str]
    policy: PricePolicy | None = None
    wrong: dict[str, Wrong] = field(default_factory=dict)


def _code(text: str) -> str:
    return text


def _names(text: str) -> list[str]:
    """Names, one a line: a name may have a comma."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _instant(text: str) -> str:
    found = instant(text)
    if found is None:
        raise Unreadable
    return found.isoformat()


def _needed(read: Callable[[str], int | None]) -> Callable[[str], int]:
    def one(text: str) -> int:
        found = read(text)
        if found is None:
            raise Unreadable
        return found

    return one


def _local(at: datetime) -> str:
    return f"{at.astimezone(RIYADH):%Y-%m-%dT%H:%M}"


def _said(of: type[BaseModel], *names: str) -> tuple[PolicyField, ...]:
    return tuple(PolicyField(of, name, _code, str) for name in names)


def _shares(of: type[BaseModel], *names: str) -> tuple[PolicyField, ...]:
    return tuple(PolicyField(of, name, _needed(basis_points), percent_plain, is_number=True) for name in names)


def _counts(of: type[BaseModel], *names: str) -> tuple[PolicyField, ...]:
    return tuple(PolicyField(of, name, _needed(whole), str, is_number=True) for name in names)


def _instants(of: type[BaseModel]) -> tuple[PolicyField, ...]:
    return tuple(PolicyField(of, name, _instant, _local) for name in ("starts_at", "ends_at"))


SCOPE = ("products", "brands", "categories")
WHOLE = (
    *_said(PricePolicy, "title", "strategy", "risk_tolerance", "ending", "variants"),
    *_shares(PricePolicy, "offset_bp", "min_margin_bp", "max_step_bp"),
)
STRATEGY = (
    *_said(ScopedStrategy, "kind", "against", "season"),
    *_counts(ScopedStrategy, "priority", "rank"),
    *_shares(ScopedStrategy, "by_bp", "markup_bp"),
    *(PolicyField(ScopedStrategy, name, _needed(halalas), amount_plain) for name in ("by", "price")),
    *_instants(ScopedStrategy),
)
SEASON_REST = (*_said(SeasonRest, "season"), *_counts(SeasonRest, "days_before", "days_after"))
DATE_REST = (*_said(DateRest, "name"), *_instants(DateRest))
ROWS: Mapping[str, tuple[str, tuple[PolicyField, ...], str]] = {
    "s": ("strategies", STRATEGY, "kind"),
    "r": ("season_rests", SEASON_REST, "season"),
    "d": ("date_rests", DATE_REST, "name"),
}
"""Of each kind of row the policy's field, the row's fields, and the one without which it is none."""


def fits(policy: PricePolicy) -> bool:
    """Whether a form can show all of it."""
    return all(len(getattr(policy, listed)) <= MOST_ROWS[kind] for kind, (listed, _, _) in ROWS.items())


def as_typed(policy: PricePolicy) -> dict[str, str]:
    """What a policy says, as a form has it."""
    values = _written(policy, WHOLE, "")
    for kind, (listed, fields, _) in ROWS.items():
        rows = getattr(policy, listed)
        for number, row in enumerate(rows):
            values |= _written(row, fields, f"{kind}{number}.")
            if isinstance(row, ScopedStrategy):
                values |= {f"s{number}.{name}": "\n".join(getattr(row.scope, name)) for name in SCOPE}
        values[f"rows.{kind}"] = str(len(rows))
    if policy.sleep is not None:
        values |= {"sleep.from_time": policy.sleep.from_time, "sleep.until_time": policy.sleep.until_time}
    return values


def typed(form: Form, names: Iterable[str]) -> TypedPolicy:
    """Read a form; ``names`` are its fields."""
    found = TypedPolicy({name: form.one(name) for name in names})
    document = _read(found, WHOLE, "")
    if not document.get("title"):
        found.wrong["title"] = Wrong("needed")
    places: dict[tuple[str, int], int] = {}
    for kind, (listed, fields, leading) in ROWS.items():
        rows: list[dict[str, Any]] = []
        for number in range(count_of(found.values, kind)):
            if not found.values.get(f"{kind}{number}.{leading}"):
                continue
            places[listed, len(rows)] = number
            rows.append(_row(found, kind, number, fields))
        document[listed] = rows
    sleep = {name: found.values.get(f"sleep.{name}", "") for name in ("from_time", "until_time")}
    if any(sleep.values()):
        document["sleep"] = sleep
    if not found.wrong:
        _judge(found, document, places)
    return found


def count_of(values: Mapping[str, str], kind: str) -> int:
    """How many rows of a kind a form has."""
    text = values.get(f"rows.{kind}", "")
    return min(int(text), MOST_ROWS[kind]) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def names_of(form: Form) -> list[str]:
    """The fields that a form of so many rows has."""
    names = [one.name for one in WHOLE] + ["sleep.from_time", "sleep.until_time"]
    for kind, (_, fields, _) in ROWS.items():
        names.append(f"rows.{kind}")
        own = [one.name for one in fields] + (list(SCOPE) if kind == "s" else [])
        rows = count_of({f"rows.{kind}": form.one(f"rows.{kind}")}, kind)
        names += [f"{kind}{number}.{name}" for number in range(rows) for name in own]
    return names


def _written(part: BaseModel, fields: Iterable[PolicyField], before: str) -> dict[str, str]:
    found = {one.name: (one, getattr(part, one.name)) for one in fields}
    return {f"{before}{name}": one.write(value) for name, (one, value) in found.items() if value is not None}


def _row(found: TypedPolicy, kind: str, number: int, fields: Iterable[PolicyField]) -> dict[str, Any]:
    before = f"{kind}{number}."
    row = _read(found, fields, before)
    if kind == "s":
        row["scope"] = {name: _names(found.values.get(before + name, "")) for name in SCOPE}
        if row["kind"] == "fixed" and not row.get("price") and f"{before}price" not in found.wrong:
            found.wrong[f"{before}price"] = Wrong("needed")
    starts, ends = row.get("starts_at"), row.get("ends_at")
    if kind == "d":
        found.wrong |= {f"{before}{name}": Wrong("when") for name in ("starts_at", "ends_at") if name not in row}
    if starts and ends and ends <= starts:
        found.wrong[f"{before}ends_at"] = Wrong("order")
    return row


def _read(found: TypedPolicy, fields: Iterable[PolicyField], before: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for one in fields:
        text = found.values.get(before + one.name, "")
        if not text:
            continue
        try:
            read[one.name] = _within(one, one.read(text))
        except Unreadable:
            found.wrong[before + one.name] = _wrong(one)
    return read


def _within(one: PolicyField, value: Any) -> Any:
    if one.is_number:
        low, high = bounds_of(one.of, one.name)
        if not low <= value <= high:
            raise Unreadable
    return value


def _wrong(one: PolicyField) -> Wrong:
    if one.write is _local:
        return Wrong("when")
    if not one.is_number:
        return Wrong("amount")
    low, high = bounds_of(one.of, one.name)
    if one.write is percent_plain:
        return Wrong("share_between", percent_plain(low), percent_plain(high))
    return Wrong("count_between", str(low), str(high))


def _judge(found: TypedPolicy, document: dict[str, Any], places: Mapping[tuple[str, int], int]) -> None:
    """The policy of a document, or the fields that the contract refuses."""
    try:
        # Without what does not exist, as the owner does.
        found.policy = PricePolicy.model_validate(document, extra="forbid")
    except ValidationError as error:
        kinds = {listed: kind for kind, (listed, _, _) in ROWS.items()}
        for one in error.errors():
            parts = [str(part) for part in one["loc"] if part not in ("scope",)]
            name = ".".join(part for part in parts if not part.isdecimal())
            if len(parts) > 1 and parts[0] in kinds:
                row = places[parts[0], int(parts[1])]
                name = f"{kinds[parts[0]]}{row}.{parts[2] if len(parts) > 2 else ROWS[kinds[parts[0]]][2]}"
            found.wrong[name or "title"] = Wrong("refused")
