"""What the API takes and gives. Prices are halalas, shares basis points, times RFC 3339 in UTC."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks, Risk
from thaman_contracts.ids import ProductId, VariantId, item_key, split_item_key

BULK = 100

ProposalState = Literal["pending", "decided", "rejected", "expired", "held"]
DecisionState = Literal["decided", "writing", "uncertain", "applied", "failed", "stale"]


class Body(BaseModel):
    """A request's body; fields that do not exist are refused, because they are mistakes."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(BaseModel):
    """Where a list begins and how long it is."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(max_length=600, description="The next of the page before.")] | None = None
    limit: Annotated[int, Field(ge=1, le=100, description="Things on the page.")] = 50


class ProposalQuery(PageQuery):
    """Which proposals; ``state`` may be given several times."""

    state: list[ProposalState] | None = None
    risk: Risk | None = None
    run_id: UUID | None = None
    item: Annotated[str, Field(max_length=41)] | None = None


class DecisionQuery(PageQuery):
    """Which decisions; ``state`` may be given several times."""

    state: list[DecisionState] | None = None
    item: Annotated[str, Field(max_length=41)] | None = None


class RunAccepted(BaseModel):
    """The run was asked for; ``run_id`` is where it will appear."""

    request_id: str
    run_id: UUID


class RunView(BaseModel):
    """A run with its true numbers. Only where one run is asked for: ``hold_reasons``, and ``advice``
    (``MarketAssessed`` as it was published, where a crew was to be asked)."""

    run_id: UUID
    state: str
    trigger: str | None
    slot: datetime | None
    mode: str | None
    items: int | None
    settings_version: int | None
    engine_version: str | None
    started_at: datetime | None
    ended_at: datetime | None
    scouted: dict[str, int] | None
    statistics: dict[str, int] | None
    failure: str | None
    hold_reasons: dict[str, int] | None = None
    advice: dict[str, Any] | None = None


class ProposalView(BaseModel):
    """A proposal or a hold: ``document`` is the event as it was published."""

    proposal_id: UUID
    run_id: UUID
    item: str
    name: str | None
    state: str
    risk: str | None
    disposition: str
    proposed_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    close_reason: str | None
    document: dict[str, Any]


class DecisionView(BaseModel):
    """A decided price and what became of it in Salla."""

    decision_id: UUID
    run_id: UUID
    item: str
    state: str
    decided_at: datetime
    decided_by: str | None
    settled_at: datetime | None
    reason: str | None
    document: dict[str, Any] | None


class OfferView(BaseModel):
    """The latest reading of a competitor's offer. ``evidence`` is what the page or feed said, in its own words: other
    people's text, to be shown escaped."""

    item: str
    name: str | None
    competitor: str
    url: str
    fitness: str
    price: int | None
    currency: str | None
    in_stock: bool | None
    confidence_bp: int
    observed_at: datetime
    detail: str | None
    evidence: dict[str, Any] | None


class LinkView(BaseModel):
    """Where one item is sold by rivals."""

    product_id: str
    variant_id: str | None
    links: list[CompetitorLink]


class RunPage(BaseModel):
    """Runs, newest first; ``next`` is the cursor of the page after this one."""

    items: list[RunView]
    next: str | None


class ProposalPage(BaseModel):
    """Proposals, newest first."""

    items: list[ProposalView]
    next: str | None


class DecisionPage(BaseModel):
    """Decisions, newest first."""

    items: list[DecisionView]
    next: str | None


class OfferPage(BaseModel):
    """Offers by item."""

    items: list[OfferView]
    next: str | None


class LinkPage(BaseModel):
    """All links of a store."""

    items: list[LinkView]
    next: str | None = None


class ItemLinks(Body):
    """The whole list of one item's links; an empty list removes them."""

    product_id: ProductId
    variant_id: VariantId | None = None
    links: Annotated[list[CompetitorLink], Field(max_length=20)]

    def contract(self) -> CompetitorLinks:
        """As the event carries it."""
        return CompetitorLinks(product_id=self.product_id, variant_id=self.variant_id, links=tuple(self.links))


class LinksBody(Body):
    """Links of up to 200 items."""

    items: Annotated[list[ItemLinks], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> "LinksBody":
        keys = [item_key(item.product_id, item.variant_id) for item in self.items]
        if len(set(keys)) != len(keys):
            raise ValueError("an item is named twice; put all of its links into one entry")
        return self


class ApproveBody(Body):
    """``shown_digest`` is the ``input_digest`` that the person was looking at."""

    shown_digest: Annotated[str, Field(max_length=64)] | None = None


class RejectBody(Body):
    """Why, if somebody wants to say."""

    reason: Annotated[str, Field(max_length=500)] | None = None


class BulkBody(Body):
    """Either the ids, or a filter over the waiting proposals (all of them when it is empty)."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=BULK)] | None = None
    risk: Risk | None = None
    run_id: UUID | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "BulkBody":
        if self.ids is not None and (self.risk is not None or self.run_id is not None):
            raise ValueError("send ids or a filter, not both")
        return self


class BulkApproveBody(BulkBody):
    """``shown_digests`` by proposal id, where the person's screen should be checked."""

    shown_digests: dict[UUID, Annotated[str, Field(max_length=64)]] = Field(default_factory=dict)


class BulkRejectBody(BulkBody):
    """One reason for all."""

    reason: Annotated[str, Field(max_length=500)] | None = None


class BulkResult(BaseModel):
    """What became of one of the proposals; ``code`` is a problem's code where it was refused."""

    proposal_id: UUID
    outcome: Literal["approved", "rejected", "refused"]
    code: str | None = None
    detail: str | None = None


class BulkResults(BaseModel):
    """One result for each proposal; ``more`` says that the filter means more than one call answers."""

    items: list[BulkResult]
    more: bool


def run_view(row: dict[str, Any]) -> RunView:
    """A row as it is shown."""
    return RunView(**{name: row.get(name) for name in RunView.model_fields})


def proposal_view(row: dict[str, Any]) -> ProposalView:
    """A row as it is shown."""
    return ProposalView(item=row["item_key"], **_given(row, ProposalView))


def decision_view(row: dict[str, Any]) -> DecisionView:
    """A row as it is shown."""
    return DecisionView(item=row["item_key"], **_given(row, DecisionView))


def offer_view(row: dict[str, Any]) -> OfferView:
    """A row as it is shown."""
    return OfferView(item=row["item_key"], **_given(row, OfferView))


def link_views(rows: list[dict[str, Any]]) -> list[LinkView]:
    """Rows, ordered by item, gathered by item."""
    views: dict[str, LinkView] = {}
    for row in rows:
        product_id, variant_id = split_item_key(row["item_key"])
        view = views.setdefault(row["item_key"], LinkView(product_id=product_id, variant_id=variant_id, links=[]))
        view.links.append(CompetitorLink(competitor=row["competitor"], url=row["url"]))
    return list(views.values())


def _given(row: dict[str, Any], view: type[BaseModel]) -> dict[str, Any]:
    return {name: row[name] for name in view.model_fields if name != "item"}
