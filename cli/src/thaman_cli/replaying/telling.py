"""A store at an instant, in lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from thaman_cli.instants import in_riyadh
from thaman_cli.replaying.chain import Chain

MOST = 20
"""Items, proposals and open decisions that are shown; ``--json`` has all."""


def told(chain: Chain, state: Mapping[str, Any]) -> Iterator[str]:
    """The lines."""
    store = state["store"]
    name = f" {_apart(store['name'])}" if store else ""
    yield f"Store {chain.store_id}{name} at {in_riyadh(chain.at)}, from {chain.entries:,} entries of the ledger."
    if store is None:
        yield "It was not connected yet."
        return
    yield from _store(store)
    yield _schedule(state["schedule"])
    yield from _items(state["items"])
    yield from _waiting(state["waiting"])
    yield from _decided(state["decided"])


def _store(store: Mapping[str, Any]) -> Iterator[str]:
    settings, entitlement = store["settings"], store["entitlement"]
    if not store["installed"]:
        linked = "uninstalled"
    elif store["connected"]:
        linked = "connected"
    else:
        linked = f"to be connected again ({store['needs_reauthorization']})"
    stops = f", paused ({_apart(store['pause_reason'] or 'no reason given')})" if store["paused"] else ""
    stops += ", everything stopped" if store["everywhere_stopped"] else ""
    until = f" until {entitlement['ends_on']}" if entitlement["ends_on"] else ""
    known = f"subscription {entitlement['status']}{until}" if entitlement["status"] else "no subscription reported"
    yield f"  {linked}{stops}; {known}{'' if entitlement['covers_the_day'] else ' (does not cover the day)'}"
    yield (
        f"  mode {settings['mode']}, strategy {settings['strategy']}, margin {settings['min_margin_bp']} bp,"
        f" step {settings['max_step_bp']} bp; settings {store['settings_version']}, fence {store['fence']}"
    )


def _schedule(schedule: Mapping[str, Any] | None) -> str:
    if schedule is None:
        return "  no schedule"
    if schedule["reasons"]:
        return f"  every {schedule['frequency_hours']} h, resting: {', '.join(schedule['reasons'])}"
    return f"  every {schedule['frequency_hours']} h, next at {schedule['upcoming'][0]['riyadh']}"


def _items(items: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{len(items):,} item(s) with a price"
    for item in items[:MOST]:
        sale = f" (sale {_money(item['sale_price'])})" if item["sale_price"] is not None else ""
        stock = "not known" if item["stock"] is None else f"{item['stock']}"
        yield (
            f"  {item['item_key']} {_apart(item['name'])}: {_money(item['shelf_price'])} on the shelf,"
            f" base {_money(item['base_price'])}{sale}, cost {_money(item['cost'])}, stock {stock}, {item['status']}"
        )
    yield from _rest(items)


def _waiting(waiting: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{len(waiting):,} proposal(s) waiting for an answer"
    for one in waiting[:MOST]:
        prices = f"{_money(one['old_shelf_price'])} → {_money(one['new_shelf_price'])}"
        yield f"  {one['item_key']}: {prices}, risk {one['risk']}, until {one['expires_at']}"
    yield from _rest(waiting)


def _decided(decided: Mapping[str, Any]) -> Iterator[str]:
    counts = ", ".join(f"{count:,} {state}" for state, count in decided["by_state"].items())
    yield f"decided prices: {counts or 'none'}"
    for one in decided["open"][:MOST]:
        yield f"  {one['item_key']}: {one['state']}, decided by {_apart(one['decided_by'] or 'not known')}"
    yield from _rest(decided["open"])


def _rest(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    if len(rows) > MOST:
        yield f"  and {len(rows) - MOST:,} more; --json has all"


def _money(halalas: int | None) -> str:
    return "not known" if halalas is None else f"{halalas // 100}.{halalas % 100:02d}"


def _apart(text: str) -> str:
    """Between Unicode isolates, so that Arabic words do not turn the line around."""
    return f"\u2068{text}\u2069"
