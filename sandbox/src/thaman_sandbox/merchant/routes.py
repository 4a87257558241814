"""Which operation serves which path, and the scopes it needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from thaman_sandbox.errors import NotFound, ScopeMissing, WrongMethod
from thaman_sandbox.merchant import apps, orders, prices, products, storeinfo, variants, webhooks
from thaman_sandbox.merchant.call import Call
from thaman_sandbox.wire import Answer

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation. Any one of ``scopes`` is enough; none means no scope is needed."""

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name under which calls are counted."""
        return f"{self.method} {self.path}"

    def check_scopes(self, granted: str) -> None:
        """Raise :class:`ScopeMissing` unless one of the scopes was granted."""
        if self.scopes and not set(self.scopes) & set(granted.split()):
            raise ScopeMissing(self.scopes)


def _scopes(resource: str, write: bool) -> tuple[str, ...]:
    return (f"{resource}.read_write",) if write else (f"{resource}.read", f"{resource}.read_write")


def _operation(method: str, path: str, handler: Handler, resource: str = "", *, write: bool = False) -> Operation:
    return Operation(method, path, handler, _scopes(resource, write) if resource else ())


OPERATIONS: tuple[Operation, ...] = (
    _operation("GET", "/oauth2/user/info", apps.user_info),
    _operation("GET", "/products", products.list_products, "products"),
    _operation("GET", "/products/{id}", products.get_product, "products"),
    _operation("GET", "/products/sku/{sku}", products.get_by_sku, "products"),
    _operation("PUT", "/products/{id}", prices.put_product, "products", write=True),
    _operation("PUT", "/products/sku/{sku}", prices.put_by_sku, "products", write=True),
    _operation("POST", "/products/sku/{sku}/price", prices.price_by_sku, "products", write=True),
    _operation("POST", "/products/prices/bulkPrice", prices.bulk_price, "products", write=True),
    _operation("POST", "/products/actions", prices.actions, "products", write=True),
    _operation("GET", "/products/{id}/variants", variants.list_variants, "products"),
    _operation("GET", "/products/variants/{id}", variants.get_variant, "products"),
    _operation("PUT", "/products/variants/{id}", variants.put_variant, "products", write=True),
    _operation("GET", "/orders", orders.list_orders, "orders"),
    _operation("GET", "/orders/items", orders.order_items, "orders"),
    _operation("GET", "/orders/statuses", orders.statuses, "orders"),
    _operation("GET", "/orders/{id}", orders.get_order, "orders"),
    _operation("GET", "/orders/{id}/histories", orders.histories, "orders"),
    _operation("GET", "/store/info", storeinfo.store_info),
    _operation("GET", "/settings", storeinfo.settings, "store-settings"),
    _operation("GET", "/settings/fields/{slug}", storeinfo.setting, "store-settings"),
    _operation("PUT", "/settings/fields/{slug}", storeinfo.put_setting, "store-settings", write=True),
    _operation("GET", "/taxes", storeinfo.taxes, "taxes"),
    _operation("GET", "/specialoffers", storeinfo.special_offers, "specialoffers"),
    _operation("POST", "/webhooks/subscribe", webhooks.subscribe, "webhooks", write=True),
    _operation("GET", "/webhooks", webhooks.list_webhooks, "webhooks"),
    _operation("GET", "/webhooks/events", webhooks.events, "webhooks"),
    _operation("DELETE", "/webhooks/unsubscribe", webhooks.unsubscribe, "webhooks", write=True),
    _operation("PUT", "/webhooks/{id}", webhooks.put_webhook, "webhooks", write=True),
    _operation("GET", "/apps/{id}/subscriptions", apps.subscriptions),
    _operation("GET", "/apps/{id}/settings", apps.get_settings),
    _operation("POST", "/apps/{id}/settings", apps.post_settings),
)


def _compile(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z]+\}", "([^/]+)", path) + r"\Z")


def _literal_first(operation: Operation) -> tuple[int, int]:
    return operation.path.count("{"), -len(operation.path)


_BY_SEGMENTS: dict[int, list[tuple[re.Pattern[str], Operation]]] = {}
for _one in sorted(OPERATIONS, key=_literal_first):
    _BY_SEGMENTS.setdefault(_one.path.count("/"), []).append((_compile(_one.path), _one))


def find(method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    """The operation for a path below ``/admin/v2``; :class:`NotFound` or :class:`WrongMethod` if there is none."""
    path_known = False
    for pattern, operation in _BY_SEGMENTS.get(path.count("/"), ()):
        match = pattern.match(path)
        if match is None:
            continue
        if operation.method == method:
            return operation, match.groups()
        path_known = True
    raise WrongMethod(method) if path_known else NotFound(path)
