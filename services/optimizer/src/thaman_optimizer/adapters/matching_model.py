"""The trained matcher that is shipped beside this file, as ``make match ARGS=--write`` made it."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from thaman_optimizer.domain.matching import Matcher, Trees

MODEL_FILE = "matching_model.json"


def model_document() -> dict[str, Any]:
    """The shipped model with what is said of its making: versions, digests of data and script, settings."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath(MODEL_FILE).read_text(encoding="utf-8"))
    return found


def matcher_of(document: dict[str, Any]) -> Matcher:
    """The matcher in a model document.

    Raises:
        ModelInvalid: it is no model, or one of another release.
    """
    thresholds = document["thresholds"]
    return Matcher(Trees.of(document), float(thresholds["exact"]), float(thresholds["similar"]))


@lru_cache(maxsize=1)
def load_matcher() -> Matcher:
    """The shipped matcher.

    Raises:
        ModelInvalid: the file does not belong to this release.
    """
    return matcher_of(model_document())
