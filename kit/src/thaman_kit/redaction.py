"""Takes secrets, and addresses and numbers of persons, out of texts and of structured log fields.

The last line of defence: nothing should hand a secret to a log, a trace or a page in the first place.
"""

import re
from collections.abc import Mapping
from typing import Any

MASK = "[redacted]"

_NAMED = (
    r"(?:[a-z0-9_-]*(?:secret|password|passwd|pepper)[a-z0-9_-]*|[a-z0-9_-]*token|authorization|api[_-]?key|cookie)"
)
_SECRET_NAME = re.compile(
    r"secret|passw(or)?d|pepper|^(.*[_-])?token$|authorization|cookie|^(.*[_-])?api[_-]?key$|^(.*[_-])?(key_?ring|dsn)$",
    re.IGNORECASE,
)
_SAUDI = "(?:(?:\\+|00|\u0660\u0660)?[9\u0669][6\u0666]{2}[ -]?|[0\u0660])"
"""What stands before a Saudi mobile number, in either kind of digits; ``\\d`` is both. Groups as people write them, so
that dates and prices do not look like one."""
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bory_(at|rt|ac)_[\w.~-]+"), rf"ory_\1_{MASK}"),
    (re.compile(r"\bthk_(live|test)_\w+"), rf"thk_\1_{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE), rf"\1:{MASK}@"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"(?<![\w.+-])(?<!://)[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_][\w-]+"), MASK),
    (re.compile(rf"(?<![\w+-])(?:\+\d{{9,15}}|{_SAUDI}[5\u0665]\d[ -]?\d{{3}}[ -]?\d{{4}})(?![\w-])"), MASK),
    (re.compile(r"([?&](?:code|state|code_verifier)=)[^&\s\"'#]+"), rf"\1{MASK}"),
    (
        re.compile(
            rf"(?<![a-z0-9_-])({_NAMED}[\"']?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&}})\]]+)", re.IGNORECASE
        ),
        rf"\1{MASK}",
    ),
)


def redact_text(text: str) -> str:
    """``text`` without tokens, keys, passwords in addresses, values given to secret names, e-mail addresses and phone
    numbers (international, or Saudi mobile)."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """Whether a field of that name holds a secret (``access_token`` does, ``prompt_tokens`` and ``key_id`` do not)."""
    return _SECRET_NAME.search(name) is not None


def redact(value: Any) -> Any:
    """``value`` made of plain JSON types only, without secrets; what is no JSON type becomes its redacted ``repr``."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {str(name): redact_field(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return redact_text(str(value) if isinstance(value, BaseException) else repr(value))


def redact_field(name: str, value: Any) -> Any:
    """The value of the field ``name``, masked whole if the name says that it is secret."""
    if is_secret_name(name) and value is not None and not isinstance(value, bool):
        return MASK
    return redact(value)
