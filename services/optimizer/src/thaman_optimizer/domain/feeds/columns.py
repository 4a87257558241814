"""What the columns of a feed are called, in English and Arabic."""

import re
from collections.abc import Iterable, Mapping

from thaman_optimizer.domain.reading.letters import folded

_NAMES: Mapping[str, str] = {
    "url": "url link product_url product_link page_url address href; الرابط رابط رابط_المنتج عنوان_الصفحة",
    "title": "title name product_name product_title product; الاسم اسم_المنتج اسم العنوان المنتج عنوان_المنتج",
    "price": "price regular_price unit_price amount; السعر سعر سعر_المنتج السعر_الأساسي",
    "sale_price": "sale_price offer_price special_price discounted_price; سعر_التخفيض سعر_العرض السعر_بعد_الخصم "
    "السعر_المخفض",
    "sale_dates": "sale_price_effective_date; مدة_العرض فترة_التخفيض",
    "currency": "currency currency_code price_currency; العملة عملة",
    "in_stock": "availability stock in_stock stock_status quantity qty is_available; "
    "التوفر المخزون الكمية متوفر الحالة",
    "with_vat": "with_vat vat_included price_includes_vat includes_vat tax_included; شامل_الضريبة السعر_شامل_الضريبة",
    "brand": "brand manufacturer vendor; الماركة العلامة_التجارية ماركة الشركة_المصنعة",
    "gtin": "gtin ean barcode upc gtin13 ean13 gtin_13; الباركود باركود الرقم_العالمي",
    "model": "model mpn model_number part_number; الموديل موديل رقم_الموديل رقم_القطعة",
    "competitor": "competitor shop store merchant seller rival shop_name store_name; المنافس المتجر اسم_المتجر البائع",
    "observed_at": "observed_at updated_at last_updated checked_at timestamp date; التاريخ تاريخ_التحديث آخر_تحديث "
    "تاريخ_الرصد",
}
"""Names of each field, a space between; within a name an underscore stands for whatever parts its words."""

_PARTING = re.compile(r"[^\w]+|_+")


def _key(name: str) -> str:
    # Shops export "g:price" and "Product URL"; both are the same names.
    return _PARTING.sub("", folded(name.strip()[:80]).removeprefix("g:"))


_FIELDS = {_key(one): field for field, names in _NAMES.items() for one in names.replace(";", " ").split()}


def field_of(name: str) -> str | None:
    """Which field a column is, by its name."""
    return _FIELDS.get(_key(name))


def fields_of(names: Iterable[str]) -> list[str | None]:
    """The field of each column; of several columns that are one field, the first counts."""
    found: list[str | None] = []
    for name in names:
        field = field_of(name)
        found.append(None if field in found else field)
    return found
