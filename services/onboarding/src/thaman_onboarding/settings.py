"""How onboarding is configured; see :class:`thaman_kit.settings.ServiceSettings` for what all services share."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from thaman_kit.handover import MIN_KEY
from thaman_kit.settings import ServiceSettings

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")

DEFAULT_SCOPES = (
    "offline_access settings.read products.read_write orders.read webhooks.read_write taxes.read"
    " store-settings.read specialoffers.read"
)


class Settings(ServiceSettings):
    """What onboarding needs to know beyond the common settings."""

    salla_accounts_url: str = Field(
        default="https://accounts.salla.sa", description="Salla's OAuth server, without a slash at the end."
    )
    salla_api_url: str = Field(
        default="https://api.salla.dev/admin/v2", description="Salla's Merchant API, without a slash at the end."
    )
    salla_client_id: str = Field(min_length=1, description="Client id of the app, from Salla's partner portal.")
    salla_client_secret: SecretStr = Field(description="Client secret of the app, from Salla's partner portal.")
    salla_scopes: str = Field(default=DEFAULT_SCOPES, description="Scopes asked for, separated by spaces.")
    salla_timeout_seconds: float = Field(
        default=20.0, gt=0, le=120, description="Longest wait for one answer of Salla."
    )
    webhook_strategy: Literal["signature", "token"] = Field(
        default="signature",
        description="How Salla proves its webhooks; 'none' proves nothing and is therefore not possible.",
    )
    webhook_secret: SecretStr = Field(
        description="The secret of webhooks, as set in Salla's partner portal, at least 16 characters."
    )
    webhook_max_age_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="Webhooks whose own time is older are refused. Salla delivers again for a quarter of an hour only.",
    )
    webhook_keep_days: int = Field(
        default=30, ge=2, le=365, description="How long the hashes of webhooks are kept against replays."
    )
    vault_keys: SecretStr = Field(
        description="Key ring of the token vault: id:base64 of 32 bytes, newest first, separated by commas."
        ' Make one with: python3 -c \'import base64, secrets; print("k1:" + base64.b64encode(secrets.token_bytes(32))'
        ".decode())'"
    )
    forget_after_days: int = Field(
        default=14,
        ge=0,
        le=365,
        description="How long a store that was uninstalled keeps its data key. A merchant who comes back in that time"
        " finds the store as it was; then the key is destroyed.",
    )
    register_webhooks: bool = Field(
        default=True, description="Subscribe each new store to product and order webhooks by API."
    )
    dashboard_url: str | None = Field(
        default=None,
        description="Where merchants' browsers reach the dashboard, without a slash at the end; unset, the page after"
        " connecting leads nowhere.",
    )
    handover_key: SecretStr | None = Field(
        default=None,
        description="Secret with which a merchant who connected a store is handed over to the dashboard, at least 32"
        " characters, equal to the dashboard's own THAMAN_HANDOVER_KEY; unset, nobody is handed over.",
    )
    job_concurrency: int = Field(default=8, ge=1, le=64, description="Jobs of one queue at the same time here.")

    @field_validator("dashboard_url", "handover_key", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("handover_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_KEY:
            raise ValueError(f"is shorter than {MIN_KEY} characters")
        return value

    @field_validator("dashboard_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        # It goes into the content policy of a page, so it is an origin and nothing more.
        if value is not None and not _ORIGIN.fullmatch(value.rstrip("/")):
            raise ValueError("is not an address like https://prices.example.com")
        return value.rstrip("/") if value else value

    @field_validator("salla_accounts_url", "salla_api_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("is not an address like https://accounts.salla.sa")
        return value.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("is shorter than 16 characters")
        return value

    @property
    def callback_url(self) -> str:
        """The redirect address to register at Salla, exactly as it is sent."""
        return f"{self.public_url}/oauth/callback"

    @property
    def webhook_url(self) -> str:
        """The address of the app's webhooks."""
        return f"{self.public_url}/webhooks/salla"
