"""What the API takes and gives about undo. Prices are halalas; ``shelf`` prices carry VAT."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from thaman_contracts.events.optimizer import UndoScope
from thaman_optimizer.domain import explain
from thaman_optimizer.domain.undo import Restore
from thaman_optimizer.shapes import Body, DecisionView, decision_view
from thaman_optimizer.undo_ports import Wanted
from thaman_optimizer.undoing import Plan, PlannedItem, Undone

_MOST_NAMED = 1_000
_FIELDS = {
    UndoScope.DECISIONS: "decision_ids",
    UndoScope.RUN: "run_id",
    UndoScope.AS_OF: "at",
    UndoScope.POLICY: "policy_version",
    UndoScope.OFFER: "url",
}
"""The field that says what is to be undone, by scope."""

_TIMED = (UndoScope.POLICY, UndoScope.OFFER)


class UndoBody(Body):
    """What to undo. ``scope`` says by what it is named, and one more field names it:

    ``decisions``: ``decision_ids``; ``run``: ``run_id``, which may be an earlier undo's; ``as_of``: ``at``, prices as
    they were then; ``policy``: ``policy_version``; ``offer``: ``url`` of a rival's page that the prices rest on, the
    last two with ``since`` and ``until`` if only decisions of that time are meant. ``items`` limits all of them.
    """

    scope: Literal[UndoScope.DECISIONS, UndoScope.RUN, UndoScope.AS_OF, UndoScope.POLICY, UndoScope.OFFER]
    decision_ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST_NAMED)] | None = None
    run_id: UUID | None = None
    at: AwareDatetime | None = None
    policy_version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    url: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    items: Annotated[list[Annotated[str, Field(max_length=41)]], Field(min_length=1, max_length=_MOST_NAMED)] | None = (
        None
    )

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        given = {name for name in _FIELDS.values() if getattr(self, name) is not None}
        if given != {_FIELDS[self.scope]}:
            raise ValueError(f"scope {self.scope.value} is named by {_FIELDS[self.scope]}, and by nothing else")
        if self.scope not in _TIMED and (self.since or self.until):
            raise ValueError("since and until go with the scopes policy and offer only")
        return self

    def wanted(self) -> Wanted:
        """The same for the application."""
        return Wanted(
            scope=self.scope,
            items=None if self.items is None else frozenset(self.items),
            decisions=tuple(self.decision_ids or ()),
            run_id=self.run_id,
            at=self.at,
            policy_version=self.policy_version,
            url=self.url,
            since=self.since,
            until=self.until,
        )


class UndoNowBody(UndoBody):
    """``shown_digest`` is that of the preview somebody looked at; if prices moved since, nothing is undone."""

    shown_digest: Annotated[str, Field(max_length=64)] | None = None


class UndoItemView(BaseModel):
    """What an undo does to one item: ``restore`` it to the prices ``to_…``, or ``leave`` it for the reason given."""

    item: str
    name: str | None
    outcome: Literal["restore", "leave"]
    from_base_price: int | None
    from_shelf_price: int | None
    to_base_price: int | None
    to_shelf_price: int | None
    code: str | None
    reason_ar: str | None
    reason_en: str | None
    undone_decision_ids: list[UUID]


class UndoPlanView(BaseModel):
    """What an undo would do now, by item; send ``digest`` along to carry out exactly this."""

    digest: str
    restore: int
    leave: int
    items: list[UndoItemView]


class UndoneView(BaseModel):
    """An undo that was asked for: its decisions, which are written like any other, and what was left as it is.
    ``left`` is told once, when the undo is made."""

    undo_id: UUID
    decisions: list[DecisionView]
    left: list[UndoItemView]


def plan_view(plan: Plan) -> UndoPlanView:
    """A plan as it is shown."""
    items = [_item_view(one) for one in plan.items]
    restored = sum(one.outcome == "restore" for one in items)
    return UndoPlanView(digest=plan.digest, restore=restored, leave=len(items) - restored, items=items)


def undone_view(undone: Undone) -> UndoneView:
    """An undo as it is shown."""
    return UndoneView(
        undo_id=undone.undo_id,
        decisions=[decision_view(row) for row in undone.decisions],
        left=[_item_view(one) for one in undone.left],
    )


def _item_view(one: PlannedItem) -> UndoItemView:
    item, outcome = one.item, one.outcome
    return UndoItemView(
        item=one.key,
        name=one.name,
        from_base_price=None if item is None else item.base_price,
        from_shelf_price=None if item is None else item.shelf_price,
        undone_decision_ids=list(outcome.undone),
        **_restored(outcome) if isinstance(outcome, Restore) else _left(outcome.why),
    )


def _restored(outcome: Restore) -> dict[str, Any]:
    nothing = dict.fromkeys(("code", "reason_ar", "reason_en"))
    return nothing | {
        "outcome": "restore",
        "to_base_price": outcome.base_price,
        "to_shelf_price": outcome.shelf_price,
    }


def _left(why: str) -> dict[str, Any]:
    said = explain.words(why)
    return {
        "outcome": "leave",
        "to_base_price": None,
        "to_shelf_price": None,
        "code": why.partition(" ")[0],
        "reason_ar": said.ar,
        "reason_en": said.en,
    }
