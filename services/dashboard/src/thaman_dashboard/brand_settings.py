"""The settings of the pages' look, for an operator with a name of their own."""

from pathlib import Path

from pydantic import Field, field_validator

from thaman_dashboard.pages.brand import Brand, legible, logo_of
from thaman_kit.settings import ServiceSettings

_NAMES = ("dashboard_brand_name", "dashboard_brand_colour", "dashboard_brand_dark_colour", "dashboard_brand_logo")


class BrandSettings(ServiceSettings):
    """Environment of the look; what is not set looks like Thaman."""

    dashboard_brand_name: str | None = Field(
        None, max_length=40, description="The name that stands on the pages in place of Thaman."
    )
    dashboard_brand_colour: str | None = Field(
        None, description="The colour of links and buttons on light screens, such as #0b6e4f."
    )
    dashboard_brand_dark_colour: str | None = Field(None, description="The same on dark screens, such as #4fc79b.")
    dashboard_brand_logo: Path | None = Field(None, description="A PNG or SVG file that stands before the name.")

    @field_validator(*_NAMES, mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("dashboard_brand_colour")
    @classmethod
    def _is_legible(cls, value: str | None) -> str | None:
        return None if value is None else legible(value, "light")

    @field_validator("dashboard_brand_dark_colour")
    @classmethod
    def _is_legible_in_the_dark(cls, value: str | None) -> str | None:
        return None if value is None else legible(value, "dark")

    @field_validator("dashboard_brand_logo")
    @classmethod
    def _is_a_picture(cls, value: Path | None) -> Path | None:
        if value is not None:
            logo_of(value)
        return value

    def brand(self) -> Brand:
        """What the pages look like."""
        logo = None if self.dashboard_brand_logo is None else logo_of(self.dashboard_brand_logo)
        return Brand(self.dashboard_brand_name, self.dashboard_brand_colour, self.dashboard_brand_dark_colour, logo)
