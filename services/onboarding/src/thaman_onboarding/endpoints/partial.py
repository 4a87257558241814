"""Bodies that name only what changes. The domain checks them; this describes them in OpenAPI."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def partial_schema(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI's description of a body that names any of the model's fields."""
    schema = _inlined(model.model_json_schema())
    schema.pop("required", None)
    schema["additionalProperties"] = False
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without references, which would not resolve inside an OpenAPI document."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {name: resolve(value) for name, value in node.items() if name != "$defs"}
        return [resolve(value) for value in node] if isinstance(node, list) else node

    resolved = resolve(dict(schema))
    assert isinstance(resolved, dict)
    return resolved
