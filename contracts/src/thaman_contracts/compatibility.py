"""Whether a changed JSON Schema still reads what was published under the earlier one.

The rule: within a version only optional fields may be added. Texts (titles, descriptions, defaults) are free.
"""

from typing import Any

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
    if sorted(old.get("enum", [])) != sorted(new.get("enum", [])):
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


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key not in _TEXTS}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value
