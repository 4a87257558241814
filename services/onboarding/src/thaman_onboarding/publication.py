"""What onboarding tells the world. Stored events that inherit a contract are published as that contract."""

from thaman_kit.publication import Publication
from thaman_onboarding.domain.events import UninstallNoted

PUBLICATION = Publication("onboarding", {UninstallNoted: None})
