"""The few pages a merchant sees, in Arabic and English."""

from thaman_onboarding.pages.language import Language, choose_language
from thaman_onboarding.pages.render import Pages

__all__ = ["Language", "Pages", "choose_language"]
