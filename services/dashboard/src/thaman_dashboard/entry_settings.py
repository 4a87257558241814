"""The settings of the ways in: from onboarding's last page, and from Salla's admin."""

import re

from pydantic import Field, SecretStr, field_validator

from thaman_dashboard.views import Role
from thaman_kit.handover import MIN_KEY
from thaman_kit.settings import ServiceSettings

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class EntrySettings(ServiceSettings):
    """Environment of the ways in."""

    handover_key: SecretStr | None = Field(
        None,
        description="Secret with which onboarding hands a merchant over who connected a store, at least 32 characters,"
        " equal to onboarding's own THAMAN_HANDOVER_KEY; unset, nobody arrives that way. The worker needs none.",
    )
    onboarding_public_url: str | None = Field(
        None, description="Where browsers reach onboarding, whose page a merchant arrives from; no slash at the end."
    )
    dashboard_salla_app_id: str | None = Field(
        None,
        description="Salla's number of the app, from the partner portal, for its page inside Salla's admin; unset,"
        " there is no such page.",
    )
    dashboard_salla_url: str = Field(
        "https://api.salla.dev", description="Where Salla says whose token a page inside its admin was given."
    )
    dashboard_embedded_role: Role = Field(
        Role.VIEWER,
        description="What a user of Salla's admin is at first who opens the page there: viewer, approver or owner."
        " Salla does not say what they are in the store; owners of the store change it.",
    )
    dashboard_frame_origins: str = Field(
        "https://s.salla.sa", description="Who may show the page inside Salla's admin, separated by spaces."
    )

    @field_validator("handover_key", "onboarding_public_url", "dashboard_salla_app_id", mode="before")
    @classmethod
    def _nothing_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("handover_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_KEY:
            raise ValueError(f"is shorter than {MIN_KEY} characters")
        return value

    @field_validator("dashboard_salla_app_id")
    @classmethod
    def _is_a_number(cls, value: str | None) -> str | None:
        if value is not None and not (value.isascii() and value.isdecimal()):
            raise ValueError("is not a number like 513499943")
        return value

    @field_validator("dashboard_salla_url", "onboarding_public_url", "dashboard_frame_origins")
    @classmethod
    def _are_origins(cls, value: str | None) -> str | None:
        # They go into a page's content policy, so they are origins and nothing more.
        if value is None:
            return None
        origins = [one.rstrip("/") for one in value.split()]
        if not origins or not all(_ORIGIN.fullmatch(one) for one in origins):
            raise ValueError("is not an address like https://s.salla.sa")
        return " ".join(origins)
