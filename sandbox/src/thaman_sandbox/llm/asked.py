"""What a request asks: its texts, the brief in them, whether tools are to be used, and the shape of the answer."""

import json
from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]


def texts(request: JsonObject) -> Iterator[str]:
    """Every text that people or tools put into the request's messages."""
    for message in _objects(request.get("messages")):
        content = message.get("content")
        if isinstance(content, str):
            yield content


def brief_in(request: JsonObject) -> JsonObject:
    """The first JSON object in the messages that lists items with offers; an empty one where there is none."""
    decoder = json.JSONDecoder()
    for text in texts(request):
        place = text.find("{")
        while place >= 0:
            try:
                found, _ = decoder.raw_decode(text, place)
            except ValueError:
                found = None
            if isinstance(found, dict) and any("offers" in item for item in _objects(found.get("items"))):
                return found
            place = text.find("{", place + 1)
    return {}


def items_in(request: JsonObject) -> list[JsonObject]:
    """The brief's items."""
    return list(_objects(brief_in(request).get("items")))


def tool_wanted(request: JsonObject) -> JsonObject | None:
    """The first tool offered, unless one was used already."""
    if any(message.get("role") == "tool" for message in _objects(request.get("messages"))):
        return None
    return next((tool["function"] for tool in _objects(request.get("tools")) if "function" in tool), None)


def wants_json(request: JsonObject) -> bool:
    """Whether the answer has to follow a JSON Schema."""
    wanted = request.get("response_format")
    return isinstance(wanted, dict) and wanted.get("type") == "json_schema"


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
