"""What the dashboard hears: everything, of every service."""

from thaman_contracts.events import EventData
from thaman_contracts.subjects import SERVICES
from thaman_dashboard.ports import Projection
from thaman_kit.key_projection import api_key_router
from thaman_kit.routing import Router

CONSUMER = "dashboard"
UPSTREAMS = SERVICES


def build_router(projection: Projection) -> Router:
    """The handlers of the dashboard."""
    router = Router()
    router.on(EventData)(projection.take)
    router.include(api_key_router)
    return router
