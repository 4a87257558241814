"""Products and variants as JSON, full and light, with the type quirks of the documented samples.

With the switch ``type_variance`` on, the form of the fields of :func:`vary` depends on the product's id: the same
product always looks the same, neighbours look different.
"""

from datetime import date

from thaman_sandbox.clock import plain_date
from thaman_sandbox.models import Product, Store, Variant
from thaman_sandbox.money import amount, plain
from thaman_sandbox.pricing import product_effective, sale_running, variant_effective, with_taxes
from thaman_sandbox.wire import JsonObject
from thaman_sandbox.world import World


def title(product: Product, language: str) -> str:
    """The product's name in the asked-for language."""
    return product.name_en if language.startswith("en") else product.name_ar


def full(world: World, store: Store, product: Product, language: str) -> JsonObject:
    """The product as ``GET /products/{id}`` shows it."""
    today = world.clock.today()
    body = _identity(store, product, language)
    body |= _prices(store, product, today)
    body |= _stock(product)
    body |= _rest(product, language)
    body["options"] = _options(product, language, store.currency)
    body["skus"] = [sku(world, store, product, one, language) for one in product.variants]
    body["categories"] = [_category(store, product, language)]
    body["brand"] = _brand(product, language)
    body["tags"] = [{"id": product.id % 1_000_003 + 7, "name": product.category_ar}]
    return vary(product, body) if world.switches.type_variance else body


def _identity(store: Store, product: Product, language: str) -> JsonObject:
    customer = f"https://{store.username}.example/p{product.id}"
    picture = f"https://cdn.salla.example/{store.id}/{product.id}.jpg"
    return {
        "id": product.id,
        "promotion": {"title": None, "sub_title": None},
        "sku": product.sku,
        "thumbnail": picture,
        "mpn": product.mpn,
        "gtin": product.gtin,
        "type": product.kind,
        "name": title(product, language),
        "short_link_code": f"p{product.id:x}",
        "urls": {"customer": customer, "admin": f"https://s.salla.example/products/{product.id}"},
        "url": customer,
        "main_image": picture,
        "images": [{"id": product.id % 1_000_003, "url": picture, "main": True, "type": "image", "sort": 1}],
    }


def _prices(store: Store, product: Product, today: date) -> JsonObject:
    taxed = with_taxes(store, product_effective(product, today), taxable=product.with_tax)
    currency = store.currency
    return {
        "price": amount(taxed.price, currency),
        "taxed_price": amount(taxed.total, currency),
        "pre_tax_price": amount(taxed.pre_tax, currency),
        "tax": amount(taxed.tax, currency),
        "sale_price": amount(product.sale or 0, currency),
        "sale_end": product.sale_end.isoformat() if product.sale_end else None,
        "regular_price": amount(product.base, currency),
        "cost_price": None if product.cost is None else plain(product.cost),
        "with_tax": product.with_tax,
        "starting_price": _starting_price(product, currency),
        "scoped_prices": [],
    }


def _starting_price(product: Product, currency: str) -> JsonObject | None:
    if not product.variants:
        return None
    return {**amount(min(variant_effective(one) for one in product.variants), currency)}


def available(product: Product) -> bool:
    """Whether a shopper can buy it."""
    return product.status == "sale" and (product.unlimited or (product.quantity or 0) > 0)


def _stock(product: Product) -> JsonObject:
    return {
        "quantity": product.quantity,
        "status": product.status,
        "is_available": available(product),
        "unlimited_quantity": product.unlimited,
        "hide_quantity": False,
        "sold_quantity": product.sold_quantity,
        "notify_quantity": product.notify_quantity,
        "max_items_per_user": 0,
        "maximum_quantity_per_order": 10,
        "customized_sku_quantity": False,
        "managed_by_branches": False,
    }


def _rest(product: Product, language: str) -> JsonObject:
    return {
        "description": product.description,
        "views": product.sold_quantity * 7,
        "require_shipping": True,
        "weight": 1,
        "weight_type": "kg",
        "rating": {"total": 0, "count": 0, "rate": 0},
        "show_in_app": True,
        "services_blocks": {"installments": []},
        "calories": None,
        "channels": ["web", "app"],
        "metadata": {"title": title(product, language), "description": None, "url": None},
        "allow_attachments": False,
        "is_pinned": False,
        "pinned_date": plain_date(product.created_at),
        "sort": 0,
        "enable_upload_image": False,
        "updated_at": plain_date(product.updated_at),
    }


def _options(product: Product, language: str, currency: str) -> list[JsonObject]:
    if not product.variants:
        return []
    english = language.startswith("en")
    values = [
        {
            "id": one.option_value_id,
            "name": one.label_en if english else one.label_ar,
            "price": amount(0, currency),
            "option_id": product.option_id,
            "is_default": position == 0,
            "is_out_of_stock": not one.unlimited and not one.stock,
        }
        for position, one in enumerate(product.variants)
    ]
    name = product.option_en if english else product.option_ar
    return [
        {
            "id": product.option_id,
            "name": name,
            "type": "radio",
            "required": True,
            "display_type": "text",
            "visibility": "always",
            "values": values,
        }
    ]


def sku(world: World, store: Store, product: Product, variant: Variant, language: str) -> JsonObject:
    """A variant as it stands in ``skus`` and in the variant endpoints."""
    currency = store.currency
    on_sale = bool(variant.sale)
    regular = variant.base if on_sale or not world.switches.variant_regular_price_zero else 0
    body: JsonObject = {
        "id": variant.id,
        "price": amount(variant_effective(variant), currency),
        "regular_price": amount(regular, currency),
        "cost_price": amount(variant.cost or 0, currency) if variant.cost is not None else None,
        "sale_price": amount(variant.sale, currency) if variant.sale else {},
        "has_special_price": on_sale,
        "stock_quantity": variant.stock,
        "unlimited_quantity": variant.unlimited,
        "notify_low": None,
        "barcode": variant.gtin,
        "sku": variant.sku,
        "mpn": variant.mpn,
        "gtin": variant.gtin,
        "related_options": [product.option_id],
        "related_option_values": [variant.option_value_id],
        "weight": 1,
        "weight_type": "kg",
        "weight_label": "1 kg" if language.startswith("en") else "١ كجم",
        "is_user_subscribed_to_sku": False,
        "is_default": variant is product.variants[0],
    }
    return _vary_sku(variant, body, currency) if world.switches.type_variance else body


def _category(store: Store, product: Product, language: str) -> JsonObject:
    name = product.category_en if language.startswith("en") else product.category_ar
    number = category_id(product)
    return {
        "id": number,
        "name": name,
        "urls": {
            "customer": f"https://{store.username}.example/c{number}",
            "admin": f"https://s.salla.example/categories/{number}",
        },
        "items": [],
        "parent_id": 0,
        "status": "active",
        "sort_order": 1,
    }


def category_id(product: Product) -> int:
    """The category's id: the same for the same category in every store."""
    return 1_000_000_000 + sum((place + 1) * ord(one) for place, one in enumerate(product.category_en)) * 101


def _brand(product: Product, language: str) -> JsonObject:
    return {
        "id": 1_000_000_000 + sum((place + 1) * ord(one) for place, one in enumerate(product.brand_en)) * 103,
        "name": product.brand_en if language.startswith("en") else product.brand_ar,
        "description": "",
        "banner": "",
        "logo": "",
        "ar_char": product.brand_ar[:1],
        "en_char": product.brand_en[:1],
    }


def vary(product: Product, body: JsonObject) -> JsonObject:
    """Give some fields the other types seen in the documentation, chosen by the product's id."""
    turn = product.id
    if isinstance(body["quantity"], int) and turn % 3 == 1:
        body["quantity"] = str(body["quantity"])
    body["sold_quantity"] = str(product.sold_quantity) if turn % 4 == 1 else product.sold_quantity
    body["maximum_quantity_per_order"] = "10" if turn % 5 == 0 else 10
    if product.notify_quantity is not None and turn % 2:
        body["notify_quantity"] = str(product.notify_quantity)
    body["calories"] = ("500", None)[turn % 2]
    body["sale_end"] = _varied_day(product.sale_end, turn)
    body["brand"] = (body["brand"], body["brand"], {}, None)[turn % 4]
    if turn % 7 == 0:
        del body["brand"]
    body["tags"] = [turn % 1_000_003] if turn % 3 == 0 else body["tags"]
    body["promotion"] = {"title": "", "sub_title": ""} if turn % 2 else body["promotion"]
    return body


def _varied_day(value: date | None, turn: int) -> object:
    if value is None:
        return (None, {})[turn % 2]
    return value.strftime("%d-%m-%Y") if turn % 5 == 2 else value.isoformat()


def _vary_sku(variant: Variant, body: JsonObject, currency: str) -> JsonObject:
    turn = variant.id
    if variant.stock is not None and turn % 3 == 1:
        body["stock_quantity"] = str(variant.stock)
    if not variant.sale:
        body["sale_price"] = ({}, None, amount(0, currency))[turn % 3]
    body["notify_low"] = ("13", 13, None)[turn % 3]
    return body


def light(world: World, store: Store, product: Product, language: str) -> JsonObject:
    """The product as ``format=light`` shows it: no cost, no variants."""
    today = world.clock.today()
    picture = f"https://cdn.salla.example/{store.id}/{product.id}.jpg"
    english = language.startswith("en")
    return {
        "id": product.id,
        "type": product.kind,
        "quantity": product.quantity,
        "is_taxable": product.with_tax,
        "category": {"name": product.category_en if english else product.category_ar, "url": ""},
        "status": product.status,
        "sku": product.sku,
        "name": title(product, language),
        "price": amount(product_effective(product, today), store.currency),
        "sale_price": amount(product.sale or 0, store.currency),
        "currency": store.currency,
        "url": f"https://{store.username}.example/p{product.id}",
        "thumbnail": picture,
        "image": {"url": picture},
        "brand": {"id": str(product.id % 1009), "url": "", "name": product.brand_en if english else product.brand_ar},
        "tags": [{"name": product.category_ar, "url": ""}],
        "has_special_price": sale_running(product.sale, product.sale_start, product.sale_end, today),
        "regular_price": amount(product.base, store.currency),
        "starting_price": _starting_price(product, store.currency),
        "has_options": bool(product.variants),
    }
