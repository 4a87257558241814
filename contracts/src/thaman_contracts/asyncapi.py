"""The AsyncAPI 3 document of everything Thaman publishes."""

from typing import Any

from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.examples import example_of
from thaman_contracts.subjects import PARTITIONS, SERVICES, stream_of

_DESCRIPTION = """
Thaman's events, for every system that wants to follow a store's prices.

Each service publishes to one JetStream stream. A message is a CloudEvent 1.0 in binary mode: attributes are headers
`ce-*`, the body is the event's data as JSON. Money is integer halalas (1 SAR = 100), percentages are basis points,
times are UTC. Within a version only optional fields are added, so ignore what you do not know.

Delivery is at least once and in order for each store. `Thaman-Position` rises within a stream, and `ce-id` names an
event for ever: keep either with your effect to be exactly once. Messages are stored under
`evt.<service>.<partition>.store.<storeId>.<EventName>`.
"""


def document() -> dict[str, Any]:
    """The whole document, ready for JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Thaman events",
            "version": "1.0.0",
            "description": _DESCRIPTION.strip(),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "nats.example:4222",
                "protocol": "nats",
                "description": "The installation's NATS server; see docs/guides/subscribing.md.",
            }
        },
        "channels": {service: _channel(service) for service in SERVICES},
        "operations": {f"follow_{service}": _operation(service) for service in SERVICES},
        "components": {
            "messages": {_key(model): _message(model) for model in _models()},
            "schemas": _schemas(),
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }


def _models() -> list[type[EventData]]:
    return [REGISTRY[name] for name in sorted(REGISTRY)]


def _key(model: type[EventData]) -> str:
    return f"{model.service}.{model.event_name()}.v{model.version}"


def _channel(service: str) -> dict[str, Any]:
    return {
        "address": f"evt.{service}.{{partition}}.store.{{storeId}}.{{event}}",
        "title": f"Everything {service} says",
        "description": f"JetStream stream `{stream_of(service)}`.",
        "parameters": {
            "partition": {"description": f"0 to {PARTITIONS - 1}; a store always has the same one."},
            "storeId": {"description": "Salla's merchant id, or `system`."},
            "event": {"description": "The event's name."},
        },
        "messages": {
            _key(model): {"$ref": f"#/components/messages/{_key(model)}"}
            for model in _models()
            if model.service == service
        },
    }


def _operation(service: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{service}"},
        "summary": f"Thaman publishes what happened in {service}.",
    }


def _message(model: type[EventData]) -> dict[str, Any]:
    return {
        "name": model.event_type(),
        "title": model.event_name(),
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"#/components/schemas/{_key(model)}"},
        "examples": [{"payload": example_of(model).model_dump(mode="json")}],
    }


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for model in _models():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[_key(model)] = schema
    return dict(sorted(schemas.items()))


def _headers() -> dict[str, Any]:
    texts = {
        "ce-specversion": "Always 1.0.",
        "ce-id": "`<originator id>:<version>`; unique for ever.",
        "ce-source": "The publishing service, e.g. `/optimizer`.",
        "ce-type": "`thaman.<service>.<EventName>.v<N>`.",
        "ce-subject": "The store.",
        "ce-time": "When it happened.",
        "ce-correlationid": "What the chain of events began with.",
        "ce-causationid": "The event or request that led to this one.",
        "Thaman-Position": "The event's place in its service's log.",
        "Thaman-Previous": "The place of the event before it in the same partition, 0 for the first.",
        "traceparent": "W3C trace context.",
    }
    optional = {"ce-correlationid", "ce-causationid", "traceparent"}
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in texts.items()},
        "required": sorted(set(texts) - optional),
    }
