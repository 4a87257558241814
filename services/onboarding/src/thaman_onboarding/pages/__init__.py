"""The few pages a merchant sees, in Arabic and English."""

from thaman_onboarding.pages.render import Pages

__all__ = ["Pages"]
