"""The store itself: its card, its settings, taxes and offers."""

from thaman_sandbox.errors import FieldsInvalid, NotFound
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.merchant.patches import flag
from thaman_sandbox.models import Store
from thaman_sandbox.money import wire
from thaman_sandbox.oauth.userinfo import owner_email
from thaman_sandbox.wire import Answer, JsonObject, ok

VAT_SETTING = "products.product_price_included_tax"


def store_info(call: Call) -> Answer:
    """``GET /store/info``."""
    store = call.store
    nothing = ("telegram", "twitter", "facebook", "maroof", "youtube", "snapchat", "whatsapp")
    return ok(
        {
            "id": store.id,
            "name": store.name,
            "entity": "company",
            "email": owner_email(store),
            "avatar": "https://cdn.salla.example/avatar.webp",
            "plan": store.plan,
            "type": store.kind,
            "status": store.status,
            "verified": False,
            "currency": store.currency,
            "domain": f"https://{store.username}.example",
            "description": "",
            "licenses": {"tax_number": f"3{store.id:013d}3", "commercial_number": None, "freelance_number": None},
            "social": dict.fromkeys((*nothing, "appstore_link", "googleplay_link")),
        }
    )


def _settings(store: Store) -> dict[str, list[JsonObject]]:
    def boolean(slug: str, value: bool) -> JsonObject:
        return {"slug": slug, "type": "boolean", "value": value}

    return {
        "products": [
            boolean("products.duplicate_product_in_cart", True),
            {"slug": "products.purchase_count", "type": "form", "value": None},
            boolean("products.zero_price_indicator", True),
            boolean("products.show_special_offers", True),
            boolean(VAT_SETTING, store.prices_include_vat),
            {"slug": "products.default_weight", "type": "object", "value": {"unit": "g", "weight": 125}},
        ],
        "orders": [
            {"slug": "orders.cancel_order", "type": "form", "value": None},
            boolean("orders.reorder", True),
            {"slug": "orders.minimum_amount", "type": "string", "value": "0"},
        ],
        "store": [{"slug": "store.maintenance", "type": "form", "value": None}],
    }


ENTITIES = ("products", "orders", "customers", "reports", "blogs", "mahally", "feedbacks", "shipping", "store")


def settings(call: Call) -> Answer:
    """``GET /settings?entity=``."""
    entity = call.one("entity")
    if not entity:
        raise FieldsInvalid({"entity": ["حقل entity مطلوب."]})
    if entity not in ENTITIES:
        raise FieldsInvalid({"entity": ["القيمة غير صالحة."]})
    return ok(_settings(call.store).get(entity, []))


def setting(call: Call) -> Answer:
    """``GET /settings/fields/{slug}``."""
    return ok(_find(call, call.params[0]))


def _find(call: Call, slug: str) -> JsonObject:
    for rows in _settings(call.store).values():
        for row in rows:
            if row["slug"] == slug:
                return row
    raise NotFound(slug)


def put_setting(call: Call) -> Answer:
    """``PUT /settings/fields/{slug}``: whether prices contain VAT can be changed; the rest is fixed here."""
    slug = call.params[0]
    _find(call, slug)
    if slug != VAT_SETTING:
        raise FieldsInvalid({"value": ["لا يمكن تعديل هذا الإعداد."]})
    try:
        value = flag(call.json().get("value"))
    except ValueError as wrong:
        raise FieldsInvalid({"value": ["القيمة غير صالحة."]}) from wrong
    call.before_write()
    call.store.prices_include_vat = value
    call.world.state.add_store(call.store)
    return ok(_find(call, slug), 201)


def taxes(call: Call) -> Answer:
    """``GET /taxes``."""
    rate = wire(call.store.vat_bp)
    return ok([{"id": call.store.id % 100_000, "tax": rate, "status": "active", "country": "SA"}])


def special_offers(call: Call) -> Answer:
    """``GET /specialoffers``."""
    return call.page(call.store.special_offers, dict)
