"""Whether the world a proposal was computed from is still the world."""

from thaman_optimizer.domain.events import PriceProposed
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.floor import NoLimits, limits_of


def changed_input(proposed: PriceProposed, store: StoreFacts, item: ItemFacts | None) -> str | None:
    """The first input that is no longer as it was, in words; ``None`` when all are.

    ``store`` has the settings that hold for the item under the policy that decides about it now.
    Costs, rules and tax show in floor and ceiling, which are computed again; a pause, an
    uninstall or an emergency stop shows in the fence.
    """
    if item is None:
        return "the item is no longer in the catalogue"
    changes = {
        "the price in the shop is another one now": item.base_price != proposed.old_base_price,
        "the store's settings changed": store.priced_version > proposed.settings_version,
        "pricing was stopped, paused or removed in the meantime": store.fence != proposed.fence,
        "another pricing policy decides about the item now": _version(store) != proposed.policy_version,
        "the item was locked": item.locked,
        "a sale is running now": item.sale_running,
    }
    return next((change for change, happened in changes.items() if happened), None) or _changed_limit(
        proposed, store, item
    )


def _version(store: StoreFacts) -> int | None:
    return None if store.policy is None else store.policy.version


def _changed_limit(proposed: PriceProposed, store: StoreFacts, item: ItemFacts) -> str | None:
    limits = limits_of(store, item)
    if isinstance(limits, NoLimits):
        return "the item has no floor any more"
    if (limits.floor, limits.ceiling) != (proposed.floor, proposed.ceiling):
        return "the item's floor or ceiling changed"
    return None


def not_priced(store: StoreFacts) -> str | None:
    """Why no price of the store may be decided now; ``None`` when it may."""
    reasons = {
        "an operator stopped all pricing; answer again once it is resumed": store.stopped,
        "the store is paused; resume it first": store.paused,
        "the store is not connected to Salla; the merchant has to connect it again": not store.connected,
        "the store has no running subscription or trial": not store.entitled,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
