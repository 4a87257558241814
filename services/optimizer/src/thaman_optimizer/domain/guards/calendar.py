"""What the calendar and the law say."""

from thaman_optimizer.domain.guards.base import Case, Verdict, held, passed


def season_window(case: Case, base: int) -> Verdict:
    """Prices rest in quiet windows."""
    for quiet in case.store.quiet_windows:
        if quiet.starts_at <= case.now < quiet.ends_at:
            return held(base, f"quiet_window name={quiet.name.replace(' ', '_')}")
    return passed(base)


def discount_licence(case: Case, base: int) -> Verdict:
    """Only base prices are written, because a sale price announces a discount, which needs a licence.

    A sale that is set but not running yet would be announced from another base price, or be no discount at all: held.
    """
    item = case.item
    scheduled = item.sale_price is not None and (item.sale_ends_on is None or item.sale_ends_on >= case.now.date())
    if scheduled and base != item.base_price:
        return held(base, "sale_scheduled")
    return passed(base, "base_price_only")
