"""The audit publishes nothing yet; sealed checkpoints will be its events."""

from thaman_kit.publication import Publication

PUBLICATION = Publication("audit")
