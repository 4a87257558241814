"""The optimizer's settings; what merchants and operators set are events, not these."""

from pydantic import Field

from thaman_kit.settings import ServiceSettings


class OptimizerSettings(ServiceSettings):
    """Environment of the optimizer."""

    optimizer_runs_at_once: int = Field(4, ge=1, le=64, description="Stores whose runs one worker does at a time.")
    optimizer_lease_seconds: float = Field(
        60.0, ge=1, le=900, description="How long a worker that died keeps a run from the others."
    )
    optimizer_expiry_seconds: float = Field(
        60.0, gt=0, le=3_600, description="How often unanswered proposals are looked through."
    )
    optimizer_refetch_minutes: int = Field(
        60, ge=0, le=1_440, description="A competitor's page is not read again sooner than this."
    )
    optimizer_allow_loopback: bool = Field(
        False, description="Competitor pages may be on this machine; only for the local sandbox, never in production."
    )
    optimizer_page_timeout_seconds: float = Field(10.0, gt=0, le=60, description="Most time for one page.")
    optimizer_scout_seconds: float = Field(120.0, gt=0, le=900, description="Most time a run spends on reading pages.")
    optimizer_host_pause_seconds: float = Field(
        0.25, ge=0, le=10, description="Pause between two requests to one competitor's site."
    )
    optimizer_pages_at_once: int = Field(16, ge=1, le=256, description="Pages one run reads at the same time.")
