"""How a sandbox is started."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from thaman_sandbox.switches import Switches


class AppConfig(BaseModel):
    """The app to register (``POST /_sandbox/app`` and ``--app-config``)."""

    model_config = ConfigDict(extra="forbid")

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    redirect_uris: list[str] = Field(default_factory=list)
    webhook_url: str | None = None
    webhook_secret: str = ""
    webhook_strategy: Literal["signature", "token", "none"] = "signature"
    webhook_events: list[str] = Field(default_factory=lambda: ["product.*", "order.*"])
    app_id: int = 513499943
    name: str = "Thaman"
    scopes: list[str] | None = None
    trusted_ips: list[str] = Field(default_factory=list)


class SandboxConfig(BaseModel):
    """Everything that can be chosen at the start."""

    model_config = ConfigDict(extra="forbid")

    state: Path | None = None
    """SQLite file; ``None`` keeps everything in memory only."""
    app: AppConfig | None = None
    auto_approve: bool = False
    """Approve every authorise request at once, whatever the store says."""
    switches: Switches | None = None
    """Used when the state does not hold switches yet."""
