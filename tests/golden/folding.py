"""What today's code makes of golden histories, as plain JSON values that can be held against those of their release."""

import importlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from eventsourcing.persistence import JSONTranscoder, StoredEvent
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from thaman_cli.world.checks.folding import AGGREGATES
from thaman_kit.domain import Aggregate
from thaman_kit.mapper import PydanticMapper

MAPPER = PydanticMapper(transcoder=JSONTranscoder())


def folded(history: list[StoredEvent]) -> dict[str, Any] | None:
    """The state of the aggregate that a history is of; ``None`` where it is of none."""
    path = AGGREGATES.get(history[0].topic.partition(".")[0])
    if path is None:
        return None
    module, _, name = path.partition(":")
    kind: type[Aggregate] = getattr(importlib.import_module(module), name)
    events = [MAPPER.to_domain_event(row) for row in history]
    made = kind.fold(history[0].originator_id, iter(events))
    assert made is not None
    state = {field: plain(value) for field, value in vars(made).items() if field != "_pending"}
    return {"class": name, "state": state}


def plain(value: Any) -> Any:
    """A value as JSON, the same on every machine: sets in the order of their texts."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return to_jsonable_python(value)


def missing(recorded: Any, now: Any, path: str = "") -> list[str]:
    """Where ``now`` does not say what was recorded; what it says besides, under names of its own, is no difference."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        found = [f"{path}.{name} is gone" for name in recorded.keys() - now.keys()]
        for name in recorded.keys() & now.keys():
            found += missing(recorded[name], now[name], f"{path}.{name}")
        return found
    if isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        return [
            one
            for number, (was, became) in enumerate(zip(recorded, now, strict=True))
            for one in missing(was, became, f"{path}[{number}]")
        ]
    return [] if recorded == now and type(recorded) is type(now) else [f"{path} was {recorded!r:.120}, is {now!r:.120}"]


def cut_rows(recorded: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Today's rows with the columns that were recorded and no others, in the order of their texts."""
    columns = {name for row in recorded for name in row}
    return sorted(({name: row[name] for name in columns & row.keys()} for row in now), key=_text)


def in_order(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the order of their texts."""
    return sorted((dict(row) for row in rows), key=_text)


def _text(row: Mapping[str, Any]) -> str:
    """By plain values alone: what is inside of others may have gained fields."""
    return json.dumps(
        {name: value for name, value in row.items() if not isinstance(value, dict | list)}, sort_keys=True
    )
