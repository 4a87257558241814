"""May this store's and this item's prices be touched at all?"""

from datetime import timedelta

from thaman_optimizer.domain.guards.base import Case, Verdict, held, passed


def stop_fence(case: Case, base: int) -> Verdict:
    """Nothing moves while the installation is stopped or the store is paused."""
    if case.store.stopped:
        return held(base, "system_stopped")
    if case.store.paused:
        return held(base, "store_paused")
    return passed(base, f"fence={case.store.fence}")


def entitlement(case: Case, base: int) -> Verdict:
    """Only a store with a running trial or subscription is priced."""
    return passed(base) if case.store.entitled else held(base, "not_entitled")


def lock(case: Case, base: int) -> Verdict:
    """A locked item, a fresh hand edit or a write whose outcome is not settled: hands off."""
    item = case.item
    if item.locked:
        return held(base, "item_locked")
    hours = case.store.settings.manual_edit_hold_hours
    if item.edited_at is not None and case.now - item.edited_at < timedelta(hours=hours):
        return held(base, f"hand_edit hours={hours}")
    if item.in_flight:
        return held(base, "write_in_flight")
    return passed(base)
