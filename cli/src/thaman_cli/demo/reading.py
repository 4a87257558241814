"""What happened in a run, read back from the optimizer's API: nothing here is remembered from the way there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thaman_cli.api import Api
from thaman_cli.demo.minimum import Outcome
from thaman_cli.demo.stores import DemoStore
from thaman_contracts.ids import split_item_key

_OPEN = ("decided", "writing", "uncertain")


@dataclass
class StoreStory:
    """One store's run: its proposals and holds, its decisions and what became of them."""

    store_id: str
    store: DemoStore
    run: dict[str, Any]
    proposals: Sequence[dict[str, Any]]
    decisions: Sequence[dict[str, Any]]
    matches: Sequence[dict[str, Any]] = ()
    newly_connected: bool = False
    orders: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether the outcome of every decision is known."""
        return not any(decision["state"] in _OPEN for decision in self.decisions)

    @property
    def products(self) -> int:
        """Products that the run looked at; one with variants counts once."""
        return len({split_item_key(proposal["item"])[0] for proposal in self.proposals})

    @property
    def holds(self) -> Counter[str]:
        """Items held, by the guard that held them."""
        return Counter(self.run["hold_reasons"] or {})

    @property
    def stale(self) -> Counter[str]:
        """Decisions that a last-moment check stopped, and refused ones, by reason."""
        return Counter(str(one["reason"]) for one in self.decisions if one["state"] in ("stale", "failed"))

    @property
    def advice(self) -> dict[str, Any] | None:
        """What agents said of the store's market; ``None`` where they are not asked."""
        told: dict[str, Any] | None = self.run.get("advice")
        return told

    def as_row(self) -> dict[str, Any]:
        """The store's part of the demo's JSON object."""
        held = sum(proposal["state"] == "held" for proposal in self.proposals)
        states = Counter(decision["state"] for decision in self.decisions)
        return {
            "store_id": self.store_id,
            "name": self.store.name,
            "mode": self.store.mode.value,
            "onboarded_via": self.store.via.value,
            "products": self.products,
            "proposed": len(self.proposals) - held,
            "decided": len(self.decisions),
            "applied": states["applied"],
            "asked": sum(proposal["disposition"] == "ask" for proposal in self.proposals),
            "held": held,
            "failed": states["failed"],
            "uncertain": states["uncertain"],
            "advice": None if self.advice is None else self.advice["outcome"],
        }

    def outcome(self) -> Outcome:
        """What was reached, for the least number of calls."""
        written = [split_item_key(one["item"]) for one in self.decisions if one["state"] == "applied"]
        variants = sum(variant is not None for _, variant in written)
        return Outcome(
            newly_connected=self.newly_connected,
            by_webhook=self.store.via.value == "webhook",
            products=self.products,
            orders=self.orders,
            written_products=len(written) - variants,
            written_variants=variants,
        )


async def read_story(api: Api, store_id: str, store: DemoStore, run_id: str) -> StoreStory:
    """A store's run as the optimizer tells it now."""
    decisions = await api.items("optimizer", f"/stores/{store_id}/decisions", limit=100)
    return StoreStory(
        store_id=store_id,
        store=store,
        run=await api.get("optimizer", f"/stores/{store_id}/runs/{run_id}"),
        proposals=await api.items("optimizer", f"/stores/{store_id}/proposals", run_id=run_id, limit=100),
        decisions=[decision for decision in decisions if decision["run_id"] == run_id],
        matches=await api.items("optimizer", f"/stores/{store_id}/matches", limit=100),
    )
