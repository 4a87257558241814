"""The few pages a merchant sees, in Arabic and English."""

from thaman_onboarding.pages.render import Landing, Pages

__all__ = ["Landing", "Pages"]
