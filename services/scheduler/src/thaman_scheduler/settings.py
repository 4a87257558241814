"""The scheduler's settings; operators' own (sweep, hours, retention) are system settings, not these."""

from pydantic import Field

from thaman_kit.settings import ServiceSettings


class SchedulerSettings(ServiceSettings):
    """Environment of the scheduler."""

    scheduler_tick_seconds: float = Field(15.0, gt=0, le=300, description="How often the clock is looked at.")
    scheduler_batch: int = Field(500, ge=1, le=5_000, description="Slots filled in one transaction at most.")
    scheduler_claim_seconds: int = Field(
        60, ge=5, le=900, description="How long a replica that died keeps others from the rows it had claimed."
    )
    scheduler_observation_lead_minutes: int = Field(
        15, ge=0, le=59, description="How long before its slot a store's catalogue is read again; 0: at the same tick."
    )
    scheduler_token_life_days: int = Field(
        14,
        ge=11,
        le=60,
        description="How long Salla's access tokens live; more than the longest refresh margin.",
    )
    scheduler_token_rest_days: int = Field(
        7, ge=0, le=30, description="The daily token sweep leaves tokens alone for this long after they arrived."
    )
