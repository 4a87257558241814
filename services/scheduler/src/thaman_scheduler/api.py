"""The HTTP API: schedules to read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel

from thaman_kit.auth import require_operator, require_store
from thaman_kit.http import create_api
from thaman_kit.problems import not_found
from thaman_kit.process import run_api
from thaman_scheduler.bootstrap import Container, build
from thaman_scheduler.errors import UnknownStore
from thaman_scheduler.settings import SchedulerSettings
from thaman_scheduler.views import ScheduleView, schedule_view


class SchedulePage(BaseModel):
    """Schedules by store; ``next`` is the cursor of the page after this one."""

    items: list[ScheduleView]
    next: str | None


def build_router(container: Container) -> APIRouter:
    """The endpoints."""
    router = APIRouter()

    @router.get("/stores/{store_id}/schedule", dependencies=[Depends(require_store)])
    def schedule(store_id: str) -> ScheduleView:
        """When the store is asked for next, and why not if it is not."""
        row = container.tables.schedule(store_id)
        if row is None:
            raise UnknownStore(store_id)
        return _views(container, [row])[0]

    @router.get("/schedule", dependencies=[Depends(require_operator)])
    def schedules(
        cursor: str = "", limit: Annotated[int, Query(ge=1, le=100, description="Stores on the page.")] = 50
    ) -> SchedulePage:
        """All stores' schedules, by store id."""
        rows = container.tables.schedules(cursor, limit + 1)
        following = rows[limit - 1]["store_id"] if len(rows) > limit else None
        return SchedulePage(items=_views(container, rows[:limit]), next=following)

    @router.get("/health")
    def health() -> dict[str, str]:
        """That the API answers; ``/readyz`` says whether it is fit to work."""
        return {"status": "ok"}

    return router


def build_api(container: Container) -> FastAPI:
    """The application with everything the kit adds."""
    return create_api(
        container.settings,
        "Thaman scheduler",
        [build_router(container)],
        {"database": container.check_database},
        {UnknownStore: lambda _: not_found("store")},
        api_keys=container.api_keys,
    )


def run(settings: SchedulerSettings) -> None:
    """Serve until told to stop."""
    container = build(settings)
    try:
        run_api(build_api(container), settings)
    finally:
        container.close()


def _views(container: Container, rows: list[dict[str, Any]]) -> list[ScheduleView]:
    rules = container.rules.under(container.tables.system_settings())
    now = container.clock.now()
    jobs: dict[str, list[dict[str, Any]]] = {row["store_id"]: [] for row in rows}
    for job in container.tables.jobs_of(jobs):
        jobs[job["store_id"]].append(job)
    return [schedule_view(row, jobs[row["store_id"]], rules, now) for row in rows]
