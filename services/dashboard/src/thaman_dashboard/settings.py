"""The dashboard's settings."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from thaman_dashboard.brand_settings import BrandSettings
from thaman_dashboard.entry_settings import EntrySettings
from thaman_kit.errors import SettingsError

_OWNERS = ("dashboard_onboarding_url", "dashboard_scheduler_url", "dashboard_optimizer_url", "dashboard_audit_url")


class DashboardSettings(EntrySettings, BrandSettings):
    """Environment of the dashboard."""

    dashboard_api_key: SecretStr | None = Field(
        None,
        description="An operator's key of the dashboard's own, with which the api tells the owners what a merchant"
        " wants; the worker needs none. Make one with: thaman keys create --label dashboard",
    )
    dashboard_onboarding_url: str = Field("http://127.0.0.1:8101", description="Where onboarding's API is.")
    dashboard_scheduler_url: str = Field("http://127.0.0.1:8102", description="Where the scheduler's API is.")
    dashboard_optimizer_url: str = Field("http://127.0.0.1:8103", description="Where the optimizer's API is.")
    dashboard_audit_url: str = Field("http://127.0.0.1:8104", description="Where the audit's API is.")

    dashboard_grace_seconds: int = Field(
        10,
        ge=0,
        le=60,
        description="How long an answer to a proposal can be taken back before its owner is told; 0 tells it at once.",
    )

    @field_validator("dashboard_api_key", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator(*_OWNERS)
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise ValueError("is not an address like http://127.0.0.1:8101")
        return value.rstrip("/")

    def owners_key(self) -> str:
        """The key with which the owners are called.

        Raises:
            SettingsError: there is none, so no command of a merchant could be carried out.
        """
        if self.dashboard_api_key is None:
            raise SettingsError(
                "THAMAN_DASHBOARD_API_KEY is not set, so the owners would refuse every command of a merchant;"
                " make a key with `thaman keys create --label dashboard` and set it"
            )
        return self.dashboard_api_key.get_secret_value()
