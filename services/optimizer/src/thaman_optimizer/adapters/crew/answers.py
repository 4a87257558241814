"""The shape that the crew's last agent answers in.

The endpoint is told the strict shape; what comes back is read with tolerance, because the bounds are kept elsewhere
(:func:`thaman_optimizer.domain.clamping.clamp`), which also counts what was out of them.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from thaman_contracts.events.advice import LEAST_DEMAND_BP, LONGEST_ADVICE, MOST_DEMAND_BP, AdviceWhy

_REFS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}

_ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "description": "The item's ref, such as i1."},
        "drop": _REFS | {"description": "Refs of offers that must not count, such as o2."},
        "weaken": _REFS | {"description": "Refs of offers that should count half."},
        "demand_factor_bp": {
            "type": "integer",
            "description": f"{LEAST_DEMAND_BP} to {MOST_DEMAND_BP}; 10000 leaves the expected demand.",
        },
        "demand_days": {"type": "integer", "description": f"For how many days, 1 to {LONGEST_ADVICE.days}."},
        "risk": {"type": "string", "enum": ["unchanged", "medium", "high"]},
        "hold": {"type": "boolean", "description": "Whether the price should stay as it is."},
        "why": {"type": "string", "enum": [why.value for why in AdviceWhy]},
    },
    "required": ["item", "drop", "weaken", "demand_factor_bp", "demand_days", "risk", "hold", "why"],
    "additionalProperties": False,
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": _ITEM},
        "summary_ar": {"type": "string"},
        "summary_en": {"type": "string"},
    },
    "required": ["items", "summary_ar", "summary_en"],
    "additionalProperties": False,
}
"""JSON Schema of an answer, strict as OpenAI-compatible endpoints want it."""


class CrewAnswer(BaseModel):
    """Advice on some items, and the market in two sentences, Arabic and English."""

    model_config = ConfigDict(extra="allow")

    items: Annotated[list[dict[str, Any]], WithJsonSchema(SCHEMA["properties"]["items"])] = Field(default_factory=list)
    summary_ar: str = ""
    summary_en: str = ""
