"""What the API takes and gives of policies. Prices are halalas, shares basis points, times RFC 3339 in UTC."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from thaman_contracts.events.policies import PolicyStage, PricePolicy, ShadowPrice
from thaman_contracts.money import Halalas, SignedHalalas
from thaman_optimizer.domain.whatif import Comparison, Totals
from thaman_optimizer.shapes import Body
from thaman_optimizer.whatif import MOST_DAYS, Retold

MOST_DIFFERENCES = 500

NOTE_AR = (
    "لم يُكتب شيء. الأرباح المتوقعة تقدير من نموذج الطلب، فالمتسوقون لم يروا هذه الأسعار؛"
    " ويُحكم على كل تشغيل سابق ببيانات لحظته دون ترحيل ما كانت السياسة ستغيّره قبله."
)
NOTE_EN = (
    "Nothing was written. Expected profits are the demand model's estimate, because no shopper saw these prices. Each"
    " recorded run is judged on the facts of its own instant; what the policy would have changed before it is left out."
)


def _without_mistakes(given: Any) -> PricePolicy:
    """A policy without any field that does not exist: readers of events ignore those, a person has mistyped them."""
    return PricePolicy.model_validate(given, extra="forbid")


PolicyBody = Annotated[PricePolicy, BeforeValidator(_without_mistakes)]
"""A new policy; fields that do not exist are refused at every depth."""


class StageBody(Body):
    """Where a policy is to be let; ``share_bp`` goes with ``canary`` alone."""

    stage: PolicyStage
    share_bp: Annotated[int, Field(strict=True, description="Share of products in basis points, 1 to 9999.")] | None = (
        None
    )


class PolicyDraftedView(BaseModel):
    """The version by which the new policy is known."""

    version: int


class PolicyView(BaseModel):
    """A policy and how far it is let; ``policy`` itself only where one is asked for."""

    version: int
    title: str
    stage: PolicyStage
    share_bp: int | None
    drafted_at: datetime
    drafted_by: str
    staged_at: datetime | None
    staged_by: str | None
    policy: PricePolicy | None = None


class PolicyPage(BaseModel):
    """Policies, newest first; ``next`` is the cursor of the page after this one."""

    items: list[PolicyView]
    next: str | None


class ShadowView(BaseModel):
    """What the policy made of an item, beside what the live one made of it in the same run.

    A price is ``null`` where the item was held; a change is ``null`` there, too, and for an item of too little sales
    history.
    """

    item: str
    name: str | None
    run_id: UUID
    at: datetime
    shelf_price: Halalas
    live_price: Halalas | None
    shadow_price: Halalas | None
    disposition: str
    risk: str | None
    reason: str | None
    expected_weekly_profit_change: SignedHalalas | None
    live_expected_weekly_profit_change: SignedHalalas | None


class ExpectedChange(BaseModel):
    """The expected weekly profit changes of all items of which they are known, and of how many that is.

    The policy and the live one may be known of different items; where ``items`` differ, so do the things summed.
    """

    halalas: int | None
    items: int


class ShadowTotals(BaseModel):
    """All items in sums: how many were compared, for how many the prices differ, what would become of the policy's."""

    compared: int
    different: int
    write: int
    ask: int
    hold: int
    expected_weekly_profit_change: ExpectedChange
    live_expected_weekly_profit_change: ExpectedChange


class ShadowPage(BaseModel):
    """Items by key, with the totals of all of them."""

    totals: ShadowTotals
    items: list[ShadowView]
    next: str | None


class WhatIfBody(Body):
    """What to try a policy on: the store as it stands, or its recorded runs of the last ``days``."""

    over: Literal["now", "history"] = "now"
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 28


class TotalsView(BaseModel):
    """What one side makes of the items: how many it would write, ask and hold, raise and cut, and how many prices its
    floor sets. ``expected`` halalas a week are summed over the ``known`` proposals of which they are known."""

    items: int
    written: int
    asked: int
    held: int
    raised: int
    cut: int
    at_floor: int
    known: int
    expected: int


class DifferenceView(BaseModel):
    """An item that the two sides treat differently; shelf prices, ``null`` = held (``reason``: why the policy does)."""

    item: str
    shelf_price: Halalas
    live_price: Halalas | None
    policy_price: Halalas | None
    reason: str | None


class RetoldRunView(BaseModel):
    """A recorded run under both. ``reproduced``: judging it again gave exactly what it had said."""

    run_id: UUID
    at: datetime
    reproduced: bool
    different: int
    live: TotalsView
    policy: TotalsView


class WhatIfView(BaseModel):
    """A policy beside those that decide. ``note_ar`` and ``note_en`` say what the figures are and are not.

    ``differences`` (at most 500) come with ``now``; ``runs``, newest first, and ``runs_left_out`` with ``history``.
    """

    version: int
    over: str
    live: TotalsView
    policy: TotalsView
    different: int
    differences: list[DifferenceView] = []
    runs: list[RetoldRunView] = []
    runs_left_out: int = 0
    note_ar: str = NOTE_AR
    note_en: str = NOTE_EN


def policy_view(row: dict[str, Any]) -> PolicyView:
    """A row as it is shown."""
    given = {name: row[name] for name in PolicyView.model_fields if name != "policy"}
    return PolicyView(policy=row.get("document"), **given)


def shadow_view(row: dict[str, Any]) -> ShadowView:
    """A row as it is shown."""
    price = ShadowPrice.model_validate(row["document"]).model_dump(exclude={"product_id", "variant_id"})
    names = {"item": row["item_key"], "live_expected_weekly_profit_change": row["live_change"]}
    return ShadowView(name=row["name"], run_id=row["run_id"], at=row["at"], **names, **price)


def totals_view(row: dict[str, Any]) -> ShadowTotals:
    """A row as it is shown."""
    return ShadowTotals(
        expected_weekly_profit_change=ExpectedChange(halalas=row["shadow_change"], items=row["shadow_known"]),
        live_expected_weekly_profit_change=ExpectedChange(halalas=row["live_change"], items=row["live_known"]),
        **{name: row[name] for name in ("compared", "different", "write", "ask", "hold")},
    )


def comparison_view(version: int, found: Comparison) -> WhatIfView:
    """A comparison on the store as it stands."""
    shown = [
        DifferenceView(
            item=one.key, shelf_price=one.now, live_price=one.live, policy_price=one.other, reason=one.reason
        )
        for one in found.different[:MOST_DIFFERENCES]
    ]
    live, policy = _totals(found.live), _totals(found.other)
    return WhatIfView(
        version=version, over="now", live=live, policy=policy, different=len(found.different), differences=shown
    )


def retold_view(version: int, found: Retold) -> WhatIfView:
    """A comparison on recorded runs."""
    runs = [
        RetoldRunView(
            run_id=run.run_id,
            at=run.at,
            reproduced=run.reproduced,
            different=run.different,
            live=_totals(run.live),
            policy=_totals(run.other),
        )
        for run in found.runs
    ]
    return WhatIfView(
        version=version,
        over="history",
        live=_totals(found.live),
        policy=_totals(found.other),
        different=sum(run.different for run in found.runs),
        runs=runs,
        runs_left_out=found.left_out,
    )


def _totals(totals: Totals) -> TotalsView:
    return TotalsView(**asdict(totals))
