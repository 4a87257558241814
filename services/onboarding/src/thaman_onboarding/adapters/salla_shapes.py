"""What the Merchant API answers, read tolerantly: the same field comes in several types (salla.md 3.3).

Amounts become integer halalas. What is absent, empty or ``{}`` becomes ``None``, never zero. A product that cannot be
read at all raises; its neighbours on the page do not suffer from it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from thaman_contracts.money import halalas_from

RIYADH = timezone(timedelta(hours=3), "Asia/Riyadh")
"""Salla's local time; no daylight saving."""


def _amount(value: Any) -> int | None:
    if isinstance(value, Mapping):
        value = value.get("amount")
    if value is None or value == "" or isinstance(value, Mapping | list):
        return None
    return halalas_from(value)


def _number(value: Any) -> int | None:
    if value is None or isinstance(value, Mapping | list | bool) or value == "":
        return None
    try:
        return int(Decimal(str(value)))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is not a number") from error


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value).strip() or None


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).isascii():
        raise ValueError(f"{value!r} is not an id")
    if not str(value).isdigit():
        raise ValueError(f"{value!r} is not an id")
    return str(value)


def _flag(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


def _day(value: Any) -> date | None:
    text = _text(value)
    if text is None:
        return None
    head = text.split(" ", maxsplit=1)[0].split("T", maxsplit=1)[0]
    parts = head.split("-")
    if len(parts) == 3 and len(parts[2]) == 4:  # 25-05-2025
        head = "-".join(reversed(parts))
    return date.fromisoformat(head)


def _name(value: Any) -> str | None:
    return _text(value.get("name")) if isinstance(value, Mapping) else _text(value)


def _many(value: Any) -> Any:
    return value if isinstance(value, list) else []


def _local_time(value: Any) -> datetime | None:
    """``{"date": ..., "timezone": "Asia/Riyadh"}`` or its text, as an instant."""
    zone = "Asia/Riyadh"
    if isinstance(value, Mapping):
        zone = str(value.get("timezone") or zone)
        value = value.get("date")
    text = _text(value)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC if zone.upper() in ("UTC", "Z") else RIYADH)


Amount = Annotated[int | None, BeforeValidator(_amount)]
Number = Annotated[int | None, BeforeValidator(_number)]
Text = Annotated[str | None, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_id)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date | None, BeforeValidator(_day)]
Name = Annotated[str | None, BeforeValidator(_name)]
Moment = Annotated[datetime | None, BeforeValidator(_local_time)]


class Shape(BaseModel):
    """A part of an answer; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Sku(Shape):
    """A variant, as in a product's ``skus`` and from the variant calls."""

    id: Id
    price: Amount = None
    regular_price: Amount = None
    sale_price: Amount = None
    cost_price: Amount = None
    has_special_price: Flag = False
    stock_quantity: Number = None
    unlimited_quantity: Flag = False
    sku: Text = None
    mpn: Text = None
    gtin: Text = None
    barcode: Text = None


class Product(Shape):
    """A product with its variants."""

    id: Id
    name: Text = None
    sku: Text = None
    mpn: Text = None
    gtin: Text = None
    status: Text = None
    price: Amount = None
    regular_price: Amount = None
    sale_price: Amount = None
    taxed_price: Amount = None
    sale_end: Day = None
    cost_price: Amount = None
    with_tax: Annotated[bool, BeforeValidator(lambda value: value is None or _flag(value))] = True
    quantity: Number = None
    unlimited_quantity: Flag = False
    currency: Text = None
    brand: Name = None
    categories: Annotated[tuple[Annotated[str | None, BeforeValidator(_name)], ...], BeforeValidator(_many)] = ()
    url: Text = None
    skus: Annotated[tuple[Sku, ...], BeforeValidator(_many)] = ()


class PriceNote(Shape):
    """The data of ``product.price.updated``: plain numbers, and the cost is called ``cost``."""

    id: Id
    price: Amount = None
    regular_price: Amount = None
    sale_price: Amount = None
    taxed_price: Amount = None
    cost: Amount = None


class Pages(Shape):
    """Where a page stands in its list."""

    total: Number = None
    total_pages: Number = Field(None, alias="totalPages")
    current_page: Number = Field(None, alias="currentPage")


class OrderStatus(Shape):
    """An order's status; only the slug means something, names are the merchant's."""

    slug: Text = None


class OrderHead(Shape):
    """An order in a list."""

    id: Id
    status: OrderStatus = OrderStatus()
    date: Moment = None
    total: Amount = None
    is_pending_payment: Flag = False


class LineAmounts(Shape):
    """What a line cost; ``total`` is the line's, with VAT."""

    total: Amount = None


class LineProduct(Shape):
    """The product of a webhook's line."""

    id: Id


class OrderItem(Shape):
    """A line of an order; the product's id stands in one of two places, or nowhere."""

    product: Annotated[LineProduct | None, BeforeValidator(lambda value: value or None)] = None
    product_id: Annotated[str | None, BeforeValidator(lambda value: None if value is None else _id(value))] = None
    sku: Text = None
    quantity: Number = None
    amounts: LineAmounts = LineAmounts()

    @property
    def product_key(self) -> str | None:
        """The product's id, wherever it stood."""
        return self.product.id if self.product is not None else self.product_id


class OrderBody(OrderHead):
    """An order with its lines, as order webhooks carry it."""

    items: Annotated[tuple[OrderItem, ...], BeforeValidator(_many)] = ()
    draft: Flag = False


class StatusNote(Shape):
    """The data of ``order.status.updated``: a history entry with the order inside."""

    order: OrderBody


def first(values: Sequence[str | None]) -> str | None:
    """The first name that is one."""
    return next((value for value in values if value), None)
