"""Whether a changed JSON Schema still reads what was published under the earlier one.

The rule: within a version only optional fields may be added, and values of enumerations that are marked open. Texts
(titles, descriptions, defaults) are free.
"""

from typing import Any

from thaman_contracts.events.base import OPEN_VALUES

_TEXTS = frozenset({"title", "description", "examples", "default"})


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What in ``new`` breaks readers or writers of ``old``; empty when it is only an addition."""
    problems = _object_changes("", old, new)
    old_parts, new_parts = old.get("$defs", {}), new.get("$defs", {})
    for name, part in old_parts.items():
        if name not in new_parts:
            problems.append(f"{name} is gone")
        else:
            problems += _object_changes(f"{name}.", part, new_parts[name])
    return problems


def _object_changes(path: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    problems = []
    if not _keeps_values(old, new):
        problems.append(f"{path}values changed from {old.get('enum')} to {new.get('enum')}")
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name, field in old_fields.items():
        if name not in new_fields:
            problems.append(f"{path}{name} is gone")
        elif _bare(field) != _bare(new_fields[name]):
            problems.append(f"{path}{name} changed")
    added = set(new.get("required", [])) - set(old.get("required", []))
    problems += [f"{path}{name} is now required" for name in sorted(added)]
    return problems


def _keeps_values(old: dict[str, Any], new: dict[str, Any]) -> bool:
    before, after = set(old.get("enum", [])), set(new.get("enum", []))
    # Open it has to stay, too: readers were told to expect more.
    return before <= after and bool(new.get(OPEN_VALUES)) if old.get(OPEN_VALUES) else before == after


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key not in _TEXTS}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value
