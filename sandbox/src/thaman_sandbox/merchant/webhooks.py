"""Registering webhooks for store events."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from thaman_sandbox.errors import FieldsInvalid, NotFound
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.models import Strategy, Subscription
from thaman_sandbox.webhooks.publish import is_local
from thaman_sandbox.wire import Answer, JsonObject, done, ok

EVENTS: Mapping[str, str] = {
    "order.created": "تم إنشاء طلب",
    "order.updated": "تم تحديث طلب",
    "order.status.updated": "تم تحديث حالة الطلب",
    "order.cancelled": "تم إلغاء الطلب",
    "order.refunded": "تم استرجاع الطلب",
    "product.created": "تم إنشاء منتج",
    "product.updated": "تم تحديث منتج",
    "product.deleted": "تم حذف منتج",
    "product.price.updated": "تم تحديث سعر المنتج",
    "product.status.updated": "تم تحديث حالة المنتج",
    "product.quantity.low": "قاربت كمية المنتج على النفاد",
}
"""The store events this sandbox fires, with Salla's kind of labels."""

REMOVED = "The Object has been removed successfully"


def subscribe(call: Call) -> Answer:
    """``POST /webhooks/subscribe``: one event per call; the same address and event again updates."""
    body = call.json()
    event, url = body.get("event"), body.get("url")
    _check(call, event, url)
    call.before_write()
    rows = call.shelf.subscriptions.values()
    known = next((one for one in rows if one.url == url and one.event == event), None)
    subscription = known or Subscription(
        call.world.state.next_id(), call.store.id, str(event), str(event), str(url), 2, "", {}, None, None
    )
    _fill(subscription, body)
    call.world.state.add_subscription(subscription)
    return ok(_shape(subscription))


def _check(call: Call, event: object, url: object) -> None:
    wrong: dict[str, list[str]] = {}
    if event not in EVENTS:
        wrong["event"] = ["حقل event غير صالح."]
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        wrong["url"] = ["حقل url غير صالح."]
    elif call.world.switches.refuse_localhost_webhooks and is_local(url):
        wrong["url"] = ["لابد أن يكون الرابط صالح وفعّال (لا يحتوي على localhost أو test.)"]
    if wrong:
        raise FieldsInvalid(wrong)


def _fill(subscription: Subscription, body: JsonObject) -> None:
    strategy = body.get("security_strategy")
    if strategy is not None:
        subscription.strategy = _strategy(strategy)
        secret = body.get("secret")
        if subscription.strategy == "signature" and not isinstance(secret, str):
            raise FieldsInvalid({"secret": ["حقل secret مطلوب."]})
    if isinstance(body.get("secret"), str):
        subscription.secret = str(body["secret"])
    if isinstance(body.get("name"), str):
        subscription.name = str(body["name"])
    if isinstance(body.get("rule"), str):
        subscription.rule = str(body["rule"])
    if body.get("version") in (1, 2):
        subscription.version = 1 if body["version"] == 1 else 2
    headers = body.get("headers")
    if isinstance(headers, list):
        subscription.headers = {
            str(one["key"]): str(one["value"])
            for one in headers
            if isinstance(one, dict) and {"key", "value"} <= one.keys()
        }


def _strategy(value: object) -> Strategy:
    strategies: dict[object, Strategy] = {"signature": "signature", "token": "token", "none": "none"}
    if value not in strategies:
        raise FieldsInvalid({"security_strategy": ["القيمة غير صالحة."]})
    return strategies[value]


def _shape(one: Subscription) -> JsonObject:
    body: JsonObject = {
        "id": one.id,
        "name": one.name,
        "event": one.event,
        "type": "manual",
        "url": one.url,
        "version": one.version,
        "rule": one.rule or None,
        "headers": dict(one.headers),
    }
    if one.strategy is not None:
        body["security"] = {"strategy": one.strategy, "secret": one.secret}
    return body


def list_webhooks(call: Call) -> Answer:
    """``GET /webhooks``."""
    return call.page(list(call.shelf.subscriptions.values()), _shape)


def events(call: Call) -> Answer:
    """``GET /webhooks/events``."""
    return ok(
        [{"id": number, "label": label, "event": event} for number, (event, label) in enumerate(EVENTS.items(), 1)]
    )


def put_webhook(call: Call) -> Answer:
    """``PUT /webhooks/{id}``."""
    subscription = call.shelf.subscriptions.get(call.number())
    if subscription is None:
        raise NotFound(call.params[0])
    body = call.json()
    _check(call, body.get("event", subscription.event), body.get("url", subscription.url))
    call.before_write()
    subscription.event = str(body.get("event", subscription.event))
    subscription.url = str(body.get("url", subscription.url))
    _fill(subscription, body)
    call.world.state.add_subscription(subscription)
    return ok(_shape(subscription))


def unsubscribe(call: Call) -> Answer:
    """``DELETE /webhooks/unsubscribe?id=`` or ``?url=`` (all of that address): 202."""
    number, url = call.one("id"), call.one("url")
    if not number and not url:
        raise FieldsInvalid({"id": ["حقل id مطلوب."]})
    rows = call.shelf.subscriptions
    gone = [one.id for one in rows.values() if str(one.id) == number or (url and one.url == url)]
    if not gone:
        raise NotFound(number or url)
    call.before_write()
    for one in gone:
        del rows[one]
        call.world.state.forget("subscription", str(one))
    return done(REMOVED, 202)
