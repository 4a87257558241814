"""Installation-wide settings, installations under way, and the service's health."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response

from thaman_contracts.events.settings import SystemSettings
from thaman_kit.health import Health
from thaman_onboarding.endpoints.access import Operator, Services, who
from thaman_onboarding.endpoints.partial import partial_schema
from thaman_onboarding.endpoints.shapes import InstallView, Page, SystemView
from thaman_onboarding.endpoints.stores import IfMatch, version_of

router = APIRouter(tags=["system"])

InstallState = Literal["exchanging", "received", "done", "refused", "interrupted", "stale"]


@router.get("/health", summary="Whether the service is fit to work")
async def health(request: Request, response: Response) -> dict[str, Any]:
    """Open to everybody; names failing parts without reasons."""
    checks = request.app.state.health
    assert isinstance(checks, Health)
    failing = await checks.failing()
    response.status_code = 503 if failing else 200
    return {"service": "onboarding", "status": "unready" if failing else "ready", "failing": sorted(failing)}


@router.get("/system/settings", summary="Installation-wide settings")
def get_system(services: Services, _: Operator, response: Response) -> SystemView:
    """The settings in force, with their version as ETag."""
    return _view(SystemView.of(services.system.get()), response)


@router.patch(
    "/system/settings", summary="Change installation-wide settings", openapi_extra=partial_schema(SystemSettings)
)
def change_system(
    services: Services,
    caller: Operator,
    response: Response,
    changes: Annotated[dict[str, Any], Body()],
    if_match: IfMatch = None,
) -> SystemView:
    """Change the fields that the body names; ``stopped: true`` is the emergency stop of all writing."""
    row = services.system.change(changes, version_of(if_match), who(caller))
    return _view(SystemView.of(row), response)


@router.get("/system/installs", summary="Stores on their way in")
def list_installs(
    services: Services,
    _: Operator,
    state: InstallState | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[InstallView]:
    """Newest first; ``interrupted`` ones need the merchant to connect again."""
    rows = services.installs.listing(state, limit)
    return Page(
        items=[InstallView.model_validate(row | {"install_id": str(row["install_id"])}) for row in rows], next=None
    )


def _view(view: SystemView, response: Response) -> SystemView:
    response.headers["ETag"] = f'"{view.settings_version}"'
    return view
