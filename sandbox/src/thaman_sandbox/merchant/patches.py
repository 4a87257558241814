"""Reading the bodies of writing calls into patches, with Salla's 422 where something is wrong."""

from collections.abc import Callable
from typing import TypeVar, cast

from thaman_sandbox.changes import ProductPatch, VariantPatch
from thaman_sandbox.errors import FieldsInvalid
from thaman_sandbox.merchant.call import day
from thaman_sandbox.models import Product, Variant
from thaman_sandbox.money import halalas
from thaman_sandbox.switches import Switches
from thaman_sandbox.wire import JsonObject

T = TypeVar("T")
STATUSES = ("sale", "out", "hidden", "deleted")


class Reader:
    """Reads fields of one object and collects what is wrong with them under dotted paths."""

    def __init__(self, body: JsonObject, prefix: str = "") -> None:
        self.body = body
        self.prefix = prefix
        self.wrong: dict[str, list[str]] = {}

    def refuse(self, name: str, message: str) -> None:
        """Note a field as wrong."""
        self.wrong.setdefault(f"{self.prefix}{name}", []).append(message)

    def require(self, *names: str) -> None:
        """Note the absent ones of ``names``."""
        for name in names:
            if self.body.get(name) is None:
                self.refuse(name, f"حقل {self.prefix}{name} مطلوب.")

    def take(self, name: str, read: Callable[[object], T], message: str, keep: Callable[[T], None]) -> None:
        """If the field is there, read it and keep it, or note it as wrong."""
        if name not in self.body:
            return
        try:
            value = read(self.body[name])
        except ValueError:
            self.refuse(name, message)
            return
        keep(value)

    def check(self) -> None:
        """Raise what is wrong."""
        if self.wrong:
            raise FieldsInvalid(self.wrong)


def price_of(switches: Switches) -> Callable[[object], int]:
    """Reads a base price: a number, not negative, zero only by switch."""

    def read(value: object) -> int:
        price = halalas(value)
        if price < 0 or (price == 0 and not switches.zero_price_accepted):
            raise ValueError("not a price")
        return price

    return read


def optional_price(value: object) -> int | None:
    """Reads a sale price: nothing and 0 both mean that there is none."""
    return nullable_price(value) or None


def nullable_price(value: object) -> int | None:
    """Reads a cost: nothing means unknown, which is not 0."""
    if value is None or value == "":
        return None
    price = halalas(value)
    if price < 0:
        raise ValueError("negative")
    return price


def whole(value: object) -> int | None:
    """Reads a stock number."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("not a whole number")
    return int(value)


def flag(value: object) -> bool:
    """Reads a boolean."""
    if value in (True, 1, "true", "1"):
        return True
    if value in (False, 0, "false", "0"):
        return False
    raise ValueError("not a boolean")


def text(value: object) -> str:
    """Reads a text."""
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise ValueError("not a text")
    return value


def gtin(value: object) -> str:
    """Reads a trade item number: 8, 12, 13 or 14 digits, or nothing."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not value.isdecimal() or len(value) not in (8, 12, 13, 14):
        raise ValueError("not a gtin")
    return value


def _status(value: object) -> str:
    if value not in STATUSES:
        raise ValueError("not a status")
    return str(value)


_NUMBER = "يجب أن تكون القيمة رقما صحيحا وغير سالبة."
_DATE = "التاريخ غير صالح."
_VALUE = "القيمة غير صالحة."
_GTIN = "يجب أن يتكون gtin من 8 أو 12 أو 13 أو 14 رقما."


def product_patch(body: JsonObject, product: Product, switches: Switches, prefix: str = "") -> ProductPatch:
    """The body of a product update; :class:`FieldsInvalid` names every wrong field."""
    reader = Reader(body, prefix)
    patch: dict[str, object] = {}

    def into(key: str) -> Callable[[object], None]:
        return lambda value: patch.__setitem__(key, value)

    reader.take("price", price_of(switches), _NUMBER, into("base"))
    reader.take("sale_price", optional_price, _NUMBER, into("sale"))
    reader.take("sale_start", day, _DATE, into("sale_start"))
    reader.take("sale_end", day, _DATE, into("sale_end"))
    reader.take("cost_price", nullable_price, _NUMBER, into("cost"))
    reader.take("quantity", whole, _NUMBER, into("quantity"))
    reader.take("notify_quantity", whole, _NUMBER, into("notify_quantity"))
    reader.take("unlimited_quantity", flag, _VALUE, into("unlimited"))
    reader.take("status", _status, _VALUE, into("status"))
    reader.take("with_tax", flag, _VALUE, into("with_tax"))
    reader.take("sku", text, _VALUE, into("sku"))
    reader.take("mpn", text, _VALUE, into("mpn"))
    reader.take("gtin", gtin, _GTIN, into("gtin"))
    reader.take("name", text, _VALUE, into("name_ar"))
    reader.take("description", text, _VALUE, into("description"))
    sale = patch.get("sale", product.sale)
    _check_sale(reader, sale, patch.get("base", product.base), switches)
    if patch.get("sale", 0) is None:
        patch.setdefault("sale_start", None)
        patch.setdefault("sale_end", None)
    reader.check()
    return cast("ProductPatch", patch)


def variant_patch(body: JsonObject, variant: Variant, switches: Switches) -> VariantPatch:
    """The body of a variant update; at least one known field is required."""
    reader = Reader(body)
    patch: dict[str, object] = {}

    def into(key: str) -> Callable[[object], None]:
        return lambda value: patch.__setitem__(key, value)

    reader.take("price", price_of(switches), _NUMBER, into("base"))
    reader.take("sale_price", optional_price, _NUMBER, into("sale"))
    reader.take("cost_price", nullable_price, _NUMBER, into("cost"))
    reader.take("stock_quantity", whole, _NUMBER, into("stock"))
    reader.take("sku", text, _VALUE, into("sku"))
    reader.take("mpn", text, _VALUE, into("mpn"))
    reader.take("gtin", gtin, _GTIN, into("gtin"))
    reader.take("barcode", gtin, _GTIN, into("gtin"))
    _check_sale(reader, patch.get("sale", variant.sale), patch.get("base", variant.base), switches)
    if not patch and not reader.wrong:
        raise FieldsInvalid({"price": ["يجب إرسال حقل واحد على الأقل."]}, "validation_failed", "null")
    reader.check()
    return cast("VariantPatch", patch)


def _check_sale(reader: Reader, sale: object, base: object, switches: Switches) -> None:
    if switches.sale_at_or_above_base_accepted or not isinstance(sale, int) or not isinstance(base, int):
        return
    if sale >= base and ("price" in reader.body or "sale_price" in reader.body):
        reader.refuse("sale_price", "يجب أن يكون السعر المخفض أقل من السعر الأساسي.")
