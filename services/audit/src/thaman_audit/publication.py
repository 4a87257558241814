"""What the audit publishes: sealed checkpoints, which are stored as they are published."""

from thaman_audit.domain import events  # noqa: F401 -- importing them makes their topics known
from thaman_kit.publication import Publication

PUBLICATION = Publication("audit")
