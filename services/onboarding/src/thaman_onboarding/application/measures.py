"""What onboarding counts."""

from thaman_kit import metrics

INSTALLS = metrics.counter("onboarding_installs", "Stores on their way in, by how it ended.", ("via", "outcome"))
REFRESHES = metrics.counter("onboarding_token_refreshes", "Refresh attempts by outcome.", ("outcome",))
REAUTHORIZATIONS = metrics.counter(
    "onboarding_reauthorizations_required", "Stores whose merchants have to reconnect, by reason.", ("reason",)
)
WEBHOOKS = metrics.counter(
    "onboarding_webhooks", "Webhooks by family and what became of them at the door.", ("family", "outcome")
)
WEBHOOKS_PROCESSED = metrics.counter(
    "onboarding_webhooks_processed", "Webhooks by family and what they led to.", ("family", "outcome")
)
TRIPS = metrics.counter("onboarding_breaker_trips", "Stores that stopped by themselves, by anomaly.", ("anomaly",))

FORGOTTEN = metrics.counter("onboarding_stores_forgotten", "Stores whose data key was destroyed.")

FAMILIES = frozenset({"app", "product", "order"})


def family_label(family: str) -> str:
    """The family as a label; strangers share one, so that nobody can fill the memory with names."""
    return family if family in FAMILIES else "other"
