"""The three demo stores."""

from dataclasses import dataclass

from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.settings import AutomationMode


@dataclass(frozen=True)
class DemoStore:
    """A store to open at the local Salla, how it comes to us, and how much Thaman may do in it; ``crew``: agents advise
    on it, where a crew is installed; ``feed``: the rival whose listings come in a feed, not by links."""

    name: str
    catalogue: str
    language: str
    products: int
    prices_include_vat: bool
    via: InstallPath
    mode: AutomationMode
    seed: int
    crew: bool = False
    feed: str | None = None

    def opening(self) -> dict[str, object]:
        """The request that opens it."""
        return {
            "name": self.name,
            "plan": "pro",
            "catalogue": self.catalogue,
            "products": self.products,
            "prices_include_vat": self.prices_include_vat,
            "language": self.language,
            "seed": self.seed,
        }


DEMO_STORES = (
    DemoStore("عطور الديرة", "perfumes", "ar", 18, True, InstallPath.CALLBACK, AutomationMode.MANUAL, 11),
    DemoStore("بن ومحمصة", "coffee", "ar", 18, True, InstallPath.WEBHOOK, AutomationMode.SEMI_AUTO, 22, feed="alraed"),
    DemoStore(
        "Riyadh Tech", "electronics", "en", 18, False, InstallPath.SALLA, AutomationMode.FULL_AUTO, 33, crew=True
    ),
)
SALES_DAYS, ORDERS_PER_DAY = 14, 2
