"""What readers see of a schedule: the tables' rows and the pure timing, joined."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from thaman_contracts.events import UtcDatetime
from thaman_contracts.events.scheduler import Trigger
from thaman_scheduler.domain.jobs import Job, Rules, StoreFacts, timing_of, trigger_of
from thaman_scheduler.domain.slots import RIYADH
from thaman_scheduler.domain.steps import next_slot

UPCOMING = 5


class JobView(BaseModel):
    """One job of a store."""

    job: Job
    active: bool = Field(description="Whether it runs at present.")
    done_until: UtcDatetime = Field(description="No slot at or before this is filled any more.")
    next_slot: UtcDatetime | None = Field(description="The next slot, unless the job rests.")


class SlotView(BaseModel):
    """A pricing run to come."""

    slot: UtcDatetime
    riyadh: str = Field(description="The same instant as Riyadh's clocks show it.")
    trigger: Trigger
    observed_at: UtcDatetime = Field(description="When the catalogue is read for it.")


class ScheduleView(BaseModel):
    """A store's schedule."""

    store_id: str
    time_zone: str = "Asia/Riyadh"
    frequency_hours: int
    sweep_hours: int
    asked_for: bool = Field(description="Whether runs are asked for at present.")
    reasons: list[str] = Field(description="Why not: paused, unauthorised, uninstalled, stopped.")
    upcoming: list[SlotView]
    jobs: list[JobView]


def schedule_view(row: Mapping[str, Any], jobs: list[dict[str, Any]], rules: Rules, now: datetime) -> ScheduleView:
    """One store's schedule as it stands at ``now``."""
    facts = StoreFacts(row["store_id"], row["frequency_hours"], row["tokens_at"])
    reasons = list(row["blocks"]) + (["stopped"] if rules.system.stopped else [])
    memory = {Job(job["job"]): job["after"] for job in jobs}
    return ScheduleView(
        store_id=facts.store_id,
        frequency_hours=facts.frequency_hours,
        sweep_hours=rules.system.sweep_hours,
        asked_for=not reasons,
        reasons=reasons,
        upcoming=[] if reasons else _upcoming(facts, rules, max(now, memory[Job.OPTIMISE])),
        jobs=[_job_view(job, facts, rules) for job in jobs],
    )


def _upcoming(facts: StoreFacts, rules: Rules, after: datetime) -> list[SlotView]:
    slots = timing_of(Job.OPTIMISE, facts, rules).slots.following(after, UPCOMING)
    return [
        SlotView(
            slot=slot,
            riyadh=slot.astimezone(RIYADH).isoformat(timespec="seconds"),
            trigger=trigger_of(slot, facts, catch_up=False),
            observed_at=slot - rules.observation_lead,
        )
        for slot in slots
    ]


def _job_view(row: Mapping[str, Any], facts: StoreFacts, rules: Rules) -> JobView:
    job = Job(row["job"])
    upcoming = next_slot(timing_of(job, facts, rules), row["after"]) if row["active"] else None
    return JobView(job=job, active=row["active"], done_until=row["after"], next_slot=upcoming)
