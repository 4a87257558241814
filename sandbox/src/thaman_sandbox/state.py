"""Everything the sandbox knows, in memory; changes are collected and written to the journal in one go.

Whoever changes an object calls :meth:`State.save` for it; :meth:`State.flush` commits, and is called before an
answer leaves. Without a journal both cost nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from thaman_sandbox import models
from thaman_sandbox.clock import ClockSetting
from thaman_sandbox.errors import UnknownOrder, UnknownProduct, UnknownStore
from thaman_sandbox.faults import FaultPlan
from thaman_sandbox.journal import Journal, Row
from thaman_sandbox.switches import Switches


@dataclass(slots=True)
class Shelf:
    """One store's products, with the ways to find them."""

    products: dict[int, models.Product] = field(default_factory=dict)
    by_sku: dict[str, int] = field(default_factory=dict)
    by_variant: dict[int, int] = field(default_factory=dict)
    orders: dict[int, models.Order] = field(default_factory=dict)
    subscriptions: dict[int, models.Subscription] = field(default_factory=dict)

    def add(self, product: models.Product) -> None:
        """Put a product on the shelf (or index it again after a change of its SKU)."""
        self.products[product.id] = product
        self.by_sku[product.sku] = product.id
        for variant in product.variants:
            self.by_variant[variant.id] = product.id


Saved = (
    models.App | models.Store | models.Product | models.Order | models.Grant | models.Token | models.Attempt
    | models.Code | models.Subscription | models.Billing | models.PriceWrite | models.Delivery | models.RateWindow
    | models.CallCount | models.HandOffer | models.Job | models.BulkChange | models.Meta | ClockSetting | FaultPlan
    | Switches
)  # fmt: skip


class State:
    """The whole memory. Single-threaded: only the event loop touches it."""

    def __init__(self, journal: Journal | None = None, switches: Switches | None = None) -> None:
        self.app: models.App | None = None
        self.meta = models.Meta()
        self.clock = ClockSetting()
        self.switches = switches or Switches()
        self.stores: dict[int, models.Store] = {}
        self.shelves: dict[int, Shelf] = {}
        self.grants: dict[int, models.Grant] = {}
        self.tokens: dict[str, models.Token] = {}
        self.tokens_by_grant: dict[int, list[str]] = {}
        self.attempts: list[models.Attempt] = []
        self.codes: dict[str, models.Code] = {}
        self.billings: dict[int, models.Billing] = {}
        self.writes: list[models.PriceWrite] = []
        self.deliveries: dict[int, models.Delivery] = {}
        self.windows: dict[int, models.RateWindow] = {}
        self.calls: dict[tuple[int, str], models.CallCount] = {}
        self.offers: dict[tuple[str, str], models.HandOffer] = {}
        self.faults: dict[int | None, FaultPlan] = {}
        self.jobs: dict[int, models.Job] = {}
        self.bulks: dict[int, models.BulkChange] = {}
        self._dirty: dict[tuple[str, str], Saved | None] = {}
        self._journal = journal
        if journal is not None:
            self._load(journal)

    # -- finding things ------------------------------------------------------------------------------------------

    def store(self, store_id: int) -> models.Store:
        """The store, or :class:`UnknownStore`."""
        found = self.stores.get(store_id)
        if found is None:
            raise UnknownStore(f"No store {store_id}. GET /_sandbox/stores lists them.")
        return found

    def shelf(self, store_id: int) -> Shelf:
        """The store's products and orders, or :class:`UnknownStore`."""
        return self.shelves[self.store(store_id).id]

    def product(self, store_id: int, product_id: int) -> models.Product:
        """The product, or :class:`UnknownProduct`."""
        found = self.shelf(store_id).products.get(product_id)
        if found is None:
            raise UnknownProduct(f"Store {store_id} has no product {product_id}.")
        return found

    def order(self, store_id: int, order_id: int) -> models.Order:
        """The order, or :class:`UnknownOrder`."""
        found = self.shelf(store_id).orders.get(order_id)
        if found is None:
            raise UnknownOrder(f"Store {store_id} has no order {order_id}.")
        return found

    def next_id(self) -> int:
        """A new id that looks like one of Salla's: ten digits, no order in it, never given twice."""
        self.meta.ids += 1
        self.save("meta", "0", self.meta)
        return 1_000_000_000 + self.meta.ids * 7_919_311 % 1_147_483_647

    # -- keeping things ------------------------------------------------------------------------------------------

    def save(self, kind: str, key: str, value: Saved) -> None:
        """Note that ``value`` is new or changed."""
        if self._journal is not None:
            self._dirty[kind, key] = value

    def forget(self, kind: str, key: str) -> None:
        """Note that a document is gone."""
        if self._journal is not None:
            self._dirty[kind, key] = None

    def flush(self) -> None:
        """Commit everything noted since the last time."""
        if self._journal is None or not self._dirty:
            return
        noted, self._dirty = self._dirty, {}
        self._journal.write(_rows(noted))

    def close(self) -> None:
        """Commit and close the journal."""
        self.flush()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    # -- adding things (in memory and to the journal) ------------------------------------------------------------

    def add_store(self, store: models.Store) -> None:
        """Open a store."""
        self.stores[store.id] = store
        self.shelves.setdefault(store.id, Shelf())
        self.save("store", str(store.id), store)

    def add_product(self, product: models.Product) -> None:
        """Put a product on its store's shelf, or keep a change of it."""
        self.shelves[product.store_id].add(product)
        self.save("product", str(product.id), product)

    def add_order(self, order: models.Order) -> None:
        """Keep an order, new or changed."""
        self.shelves[order.store_id].orders[order.id] = order
        self.save("order", str(order.id), order)

    def add_grant(self, grant: models.Grant) -> None:
        """Keep a grant, new or changed."""
        self.grants[grant.id] = grant
        self.save("grant", str(grant.id), grant)

    def add_token(self, token: models.Token) -> None:
        """Keep a token, new or changed."""
        if token.digest not in self.tokens:
            self.tokens[token.digest] = token
            self.tokens_by_grant.setdefault(token.grant_id, []).append(token.digest)
        self.save("token", token.digest, token)

    def add_attempt(self, attempt: models.Attempt) -> None:
        """Keep a request to the token endpoint, new or changed."""
        if not self.attempts or self.attempts[-1].n < attempt.n:
            self.attempts.append(attempt)
        self.save("attempt", str(attempt.n), attempt)

    def add_code(self, code: models.Code) -> None:
        """Keep an authorisation code, new or changed."""
        self.codes[code.digest] = code
        self.save("code", code.digest, code)

    def add_subscription(self, subscription: models.Subscription) -> None:
        """Keep a registered webhook, new or changed."""
        self.shelves[subscription.store_id].subscriptions[subscription.id] = subscription
        self.save("subscription", str(subscription.id), subscription)

    def add_billing(self, billing: models.Billing) -> None:
        """Keep a store's subscription of the app."""
        self.billings[billing.store_id] = billing
        self.save("billing", str(billing.store_id), billing)

    def add_write(self, write: models.PriceWrite) -> None:
        """Append to the write log, or keep what became of an entry."""
        if write.n > len(self.writes):
            self.writes.append(write)
        self.save("write", str(write.n), write)

    def add_delivery(self, delivery: models.Delivery) -> None:
        """Keep a webhook's delivery, new or changed."""
        self.deliveries[delivery.id] = delivery
        self.save("delivery", str(delivery.id), delivery)

    def add_call(self, count: models.CallCount) -> None:
        """Keep a call counter."""
        self.calls[count.store_id, count.route] = count
        self.save("call", f"{count.store_id} {count.route}", count)

    def add_window(self, window: models.RateWindow) -> None:
        """Keep a store's rate window."""
        self.windows[window.store_id] = window
        self.save("window", str(window.store_id), window)

    def add_offer(self, offer: models.HandOffer) -> None:
        """Keep an offer set by hand."""
        self.offers[offer.shop, offer.slug] = offer
        self.save("offer", f"{offer.shop} {offer.slug}", offer)

    def add_job(self, job: models.Job) -> None:
        """Keep something to do later."""
        self.jobs[job.id] = job
        self.save("job", str(job.id), job)

    def add_bulk(self, bulk: models.BulkChange) -> None:
        """Keep a queued bulk change."""
        self.bulks[bulk.id] = bulk
        self.save("bulk", str(bulk.id), bulk)

    def set_app(self, app: models.App) -> None:
        """Register the app."""
        self.app = app
        self.save("app", "0", app)

    def set_switches(self, switches: Switches) -> None:
        """Put the switches in place."""
        self.switches = switches
        self.save("switches", "0", switches)

    def add_fault(self, plan: FaultPlan) -> None:
        """Put a fault plan in force."""
        self.faults[plan.store_id] = plan
        self.save("fault", str(plan.store_id), plan)

    def drop_faults(self) -> None:
        """End all faults."""
        for key in self.faults:
            self.forget("fault", str(key))
        self.faults.clear()

    def _load(self, journal: Journal) -> None:
        for kind, (adapter, keep) in _loaders(self).items():
            for value in _documents(journal, kind, adapter):
                keep(value)
        self._dirty.clear()


Loader = tuple[TypeAdapter[Any], Callable[[Any], None]]


def _loaders(state: State) -> dict[str, Loader]:
    """How each kind of document is read back; parents come before what hangs on them."""
    return {
        "meta": (_adapter(models.Meta), lambda one: setattr(state, "meta", one)),
        "app": (_adapter(models.App), state.set_app),
        "clock": (_adapter(ClockSetting), lambda one: setattr(state, "clock", one)),
        "switches": (_adapter(Switches), state.set_switches),
        "store": (_adapter(models.Store), state.add_store),
        "product": (_adapter(models.Product), state.add_product),
        "order": (_adapter(models.Order), state.add_order),
        "grant": (_adapter(models.Grant), state.add_grant),
        "token": (_adapter(models.Token), state.add_token),
        "attempt": (_adapter(models.Attempt), state.attempts.append),
        "code": (_adapter(models.Code), state.add_code),
        "subscription": (_adapter(models.Subscription), state.add_subscription),
        "billing": (_adapter(models.Billing), state.add_billing),
        "write": (_adapter(models.PriceWrite), state.writes.append),
        "delivery": (_adapter(models.Delivery), state.add_delivery),
        "call": (_adapter(models.CallCount), state.add_call),
        "window": (_adapter(models.RateWindow), state.add_window),
        "offer": (_adapter(models.HandOffer), state.add_offer),
        "fault": (_adapter(FaultPlan), state.add_fault),
        "job": (_adapter(models.Job), state.add_job),
        "bulk": (_adapter(models.BulkChange), state.add_bulk),
    }


def _documents(journal: Journal, kind: str, adapter: TypeAdapter[Any]) -> Iterator[Any]:
    for body in journal.load(kind):
        yield adapter.validate_json(body)


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(model: type) -> TypeAdapter[Any]:
    if model not in _ADAPTERS:
        _ADAPTERS[model] = TypeAdapter(model)
    return _ADAPTERS[model]


def _rows(noted: dict[tuple[str, str], Saved | None]) -> Iterator[Row]:
    for (kind, key), value in noted.items():
        yield kind, key, None if value is None else _adapter(type(value)).dump_json(value)
