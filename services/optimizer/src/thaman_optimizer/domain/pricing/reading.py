"""Reads a product from a JSON object, refusing what cannot be meant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from thaman_optimizer.domain.pricing.records import HIGHEST_AMOUNT, Offer, ProductInput, Week, week_number
from thaman_optimizer.domain.pricing.values import BadValue, day, moment, number, text, truth, whole

_MOST_UNITS = 1e9
_ONE = 1.0


class ProductInvalid(ValueError):
    """A product that cannot be priced as given; the message names the field."""


def product_from(data: Any) -> ProductInput:
    """The product in a JSON object of the black box's input format. Keys that are not known are ignored.

    A cost of zero is what shops show where none was typed, so it is unknown.

    Raises:
        ProductInvalid: not such an object.
    """
    if not isinstance(data, Mapping):
        raise ProductInvalid("a line must be a JSON object")
    try:
        return _product(data)
    except BadValue as error:
        raise ProductInvalid(str(error)) from error


def _product(data: Mapping[str, Any]) -> ProductInput:
    for name in ("product_id", "price"):
        if data.get(name) is None:
            raise BadValue(f"{name} is missing")
    stock, season, change = (data.get(name) for name in ("stock", "season_end", "last_change_at"))
    product_id = data["product_id"]
    return ProductInput(
        product_id=str(product_id) if type(product_id) is int else text(product_id, "product_id"),
        category=_name(data.get("category"), "category"),
        brand=_name(data.get("brand"), "brand"),
        price=whole(data["price"], "price", 1, HIGHEST_AMOUNT),
        cost=_amount(data.get("cost"), "cost") or None,
        stock=None if stock is None else number(stock, "stock", -_MOST_UNITS, _MOST_UNITS),
        season_end=None if season is None else _last_day(season),
        salvage=_amount(data.get("salvage"), "salvage"),
        last_change_at=None if change is None else moment(change, "last_change_at"),
        history=_history(data.get("history")),
        offers=_offers(data.get("offers")),
        group=_name(data.get("group"), "group"),
    )


def _name(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    return str(value) if type(value) is int else text(value, name)


def _amount(value: Any, name: str) -> int | None:
    return None if value is None else whole(value, name, 0, HIGHEST_AMOUNT)


def _last_day(value: Any) -> Any:
    read = moment(value, "season_end")
    return read.date() if isinstance(value, str) and len(value) <= len("2026-01-01") else read


def _history(value: Any) -> tuple[Week, ...]:
    weeks = tuple(_week(one, f"history[{i}]") for i, one in enumerate(_list(value, "history")))
    starts = {week_number(week.week_start) for week in weeks}
    if len(starts) != len(weeks):
        raise BadValue("history names a week twice")
    return weeks


def _week(data: Any, place: str) -> Week:
    if not isinstance(data, Mapping):
        raise BadValue(f"{place} must be an object")
    units = number(data.get("units"), f"{place}.units", 0.0, _MOST_UNITS)
    price, share, reference = data.get("price"), data.get("in_stock_share"), data.get("reference")
    if share is None:
        # Sales prove that it was there; none sold and nothing known about the shelf says nothing.
        share = 1.0 if units > 0 else 0.0
    return Week(
        day(data.get("week_start"), f"{place}.week_start"),
        units,
        None if price is None else whole(price, f"{place}.price", 1, HIGHEST_AMOUNT),
        number(share, f"{place}.in_stock_share", 0.0, _ONE),
        None if reference is None else whole(reference, f"{place}.reference", 1, HIGHEST_AMOUNT),
    )


def _offers(value: Any) -> tuple[Offer, ...]:
    return tuple(_offer(one, f"offers[{i}]") for i, one in enumerate(_list(value, "offers")))


def _offer(data: Any, place: str) -> Offer:
    if not isinstance(data, Mapping):
        raise BadValue(f"{place} must be an object")
    observed: datetime = moment(data.get("observed_at"), f"{place}.observed_at")
    return Offer(
        text(data.get("competitor"), f"{place}.competitor"),
        whole(data.get("price"), f"{place}.price", 0, HIGHEST_AMOUNT),
        observed,
        truth(data.get("in_stock"), f"{place}.in_stock"),
        number(data.get("match_confidence"), f"{place}.match_confidence", 0.0, _ONE),
    )


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadValue(f"{name} must be a list")
    return value
