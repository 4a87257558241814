"""What is counted of calls to Salla, of reading and of writing."""

from thaman_kit import metrics

CALLS = metrics.counter(
    "onboarding_salla_calls", "Calls of the Merchant API by what came of them.", ("method", "outcome")
)
CALL_SECONDS = metrics.histogram("onboarding_salla_call_seconds", "Duration of calls of the Merchant API.", ("method",))
BUDGET_WAITS = metrics.counter(
    "onboarding_salla_budget_waits", "Calls that were not made because the store's minute was used up."
)
UNREADABLE = metrics.counter("onboarding_unreadable_products", "Products that Salla sent in a form we cannot read.")
WRITES = metrics.counter("onboarding_price_writes", "Decided prices by how their write ended.", ("outcome",))
DOUBTS = metrics.counter("onboarding_price_writes_uncertain", "Write attempts whose outcome was not known at first.")
APPLY_SECONDS = metrics.histogram(
    "onboarding_decision_to_applied_seconds",
    "From a decision to its price in Salla, by the clocks of the two processes.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200),
)
BLOCKS = metrics.counter("onboarding_salla_blocks", "Times that Salla refused to let us in for a store (403).")
EDITS = metrics.counter("onboarding_manual_edits", "Base prices found changed by hand.", ("found_by",))
