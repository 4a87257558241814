"""What the pages say. Both catalogues have the same keys and places to fill; counted texts bring every form."""

from collections.abc import Mapping

from thaman_dashboard.pages.plurals import Forms
from thaman_dashboard.pages.texts.arabic import ARABIC
from thaman_dashboard.pages.texts.english import ENGLISH
from thaman_kit.language import Language

Catalogue = Mapping[str, str | Forms]

TEXTS: Mapping[Language, Catalogue] = {"ar": ARABIC, "en": ENGLISH}

__all__ = ["TEXTS", "Catalogue"]
