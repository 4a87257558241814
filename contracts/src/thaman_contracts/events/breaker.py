"""What a store's breaker takes for an anomaly: policy data of the store (docs/guides/breaker.md)."""

from typing import Annotated

from pydantic import Field

from thaman_contracts.events.base import Part

BREAKER = "breaker"
"""Who paused a store (``StorePaused.paused_by``) where no person did."""

Share = Annotated[int, Field(strict=True, ge=0, le=10_000, description="Basis points of the whole.")]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class BreakerLimits(Part):
    """Writing stops by itself where more than a limit is seen; a limit of ``None`` is off.

    Shares are basis points of the store's priced items, of a run's decisions, or of the writes that began. No share
    says anything of a whole of fewer than ``min_items``, nor where fewer than ``min_count`` of it are wrong. What a
    person decided is no change and no run here.
    """

    enabled: bool = True
    window_minutes: Annotated[int, Field(strict=True, ge=1, le=10_080)] = 60
    min_items: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 20
    min_count: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 3
    changes: Count | None = Field(None, description="Items whose price a policy changes within the window.")
    changes_bp: Share | None = Field(None, description="The same, as a share of the store's items.")
    run_median_bp: Count | None = Field(2_000, description="The median size of a run's moves, in basis points.")
    large_cut_bp: Share = Field(1_500, description="A cut of more than this is a large one.")
    large_cuts_bp: Share | None = Field(3_000, description="Large cuts, as a share of a run's decisions.")
    troubles_bp: Share | None = Field(
        5_000, description="Writes that failed or stay unclear, as a share of those that began within the window."
    )
    edits: Count | None = Field(10, description="Items edited by hand within edits_hours after we wrote them.")
    edits_bp: Share | None = Field(
        1_000, description="The same, as a share of the items written within edits_hours; both have to be exceeded."
    )
    edits_hours: Annotated[int, Field(strict=True, ge=1, le=168)] = 24
    jump_bp: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = Field(
        3_000, description="A change of an item's cost or price in Salla by more than this is a jump."
    )
    jumps_bp: Share | None = Field(2_000, description="Items that jumped within the window, as a share of the store's.")
