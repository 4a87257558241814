"""The HTTP API of what other settings would do, before onboarding is asked to change them."""

import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError

from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import item_key
from thaman_contracts.money import Halalas
from thaman_kit.problems import Fault, invalid_request
from thaman_optimizer.bootstrap import Container
from thaman_optimizer.domain.preview import Moved, Preview, Side, preview
from thaman_optimizer.errors import StoreUnknown
from thaman_optimizer.parameters import Caller
from thaman_optimizer.shapes import Body


class ChangesBody(Body):
    """Fields of the store's settings as they would be changed to; the rest stays."""

    changes: dict[str, Any] = Field(max_length=len(StoreSettings.model_fields))


class SideView(BaseModel):
    """How many items have limits and how many none, for how many of these no price would earn the margin
    (``impossible``), and how many present prices stand outside of their limits."""

    limited: int
    unlimited: int
    impossible: int
    below_floor: int
    above_ceiling: int

    @classmethod
    def of(cls, side: Side) -> "SideView":
        """As it was counted."""
        return cls(**{name: getattr(side, name) for name in cls.model_fields})


class MovedView(BaseModel):
    """An item whose limits would change; shelf prices with VAT, ``null`` where it has no limits."""

    item: str
    name: str | None
    shelf_price: Halalas
    floor_now: Halalas | None
    floor_then: Halalas | None
    ceiling_now: Halalas | None
    ceiling_then: Halalas | None


class PreviewView(BaseModel):
    """Limits by the settings in force and by the changed ones; floors that would rise and fall; five examples at most,
    first those whose price would come to stand below its floor."""

    items: int
    now: SideView
    then: SideView
    raised: int
    lowered: int
    examples: list[MovedView]


def settings_endpoints(router: APIRouter, container: Container) -> None:
    """Add what is asked of settings to a store's endpoints."""

    @router.post("/settings/preview")
    def preview_settings(store_id: str, caller: Caller, body: ChangesBody) -> PreviewView:
        """What changed settings would make of every item's floor and ceiling; nothing is written."""
        now = container.clock.now()
        store = container.facts.store(store_id, now)
        if store is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        changed = _changed(store.settings, body.changes)
        found = preview(store, changed, container.facts.items(store_id, now).items)
        return _view(found, container.facts.names(store_id, [_key(one) for one in found.examples]))


def _changed(settings: StoreSettings, changes: dict[str, Any]) -> StoreSettings:
    """The settings with some of them changed.

    Raises:
        Problem: 422, a field does not exist or cannot have that value.
    """
    unknown = sorted(set(changes) - set(StoreSettings.model_fields))
    if unknown:
        raise invalid_request(
            [Fault("there is no such setting", "invalid_value", pointer=f"/changes/{name}") for name in unknown]
        )
    try:
        return StoreSettings.model_validate_json(_json(settings, changes))
    except ValidationError as error:
        faults = [
            Fault(one["msg"], "invalid_value", pointer="/changes/" + "/".join(str(part) for part in one["loc"]))
            for one in error.errors()
        ]
        raise invalid_request(faults) from error


def _json(settings: StoreSettings, changes: dict[str, Any]) -> str:
    """As JSON, because that is how changes come: a code is a text there, and an instant too."""
    return json.dumps(settings.model_dump(mode="json") | changes)


def _view(found: Preview, names: dict[str, str]) -> PreviewView:
    return PreviewView(
        items=found.items,
        now=SideView.of(found.now),
        then=SideView.of(found.then),
        raised=found.raised,
        lowered=found.lowered,
        examples=[_moved(one, names.get(_key(one))) for one in found.examples],
    )


def _moved(one: Moved, name: str | None) -> MovedView:
    limits = {field: getattr(one, field) for field in ("floor_now", "floor_then", "ceiling_now", "ceiling_then")}
    return MovedView(item=_key(one), name=name, shelf_price=one.item.shelf_price, **limits)


def _key(one: Moved) -> str:
    return item_key(one.item.product_id, one.item.variant_id)
