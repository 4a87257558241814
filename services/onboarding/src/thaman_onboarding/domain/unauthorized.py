"""What Salla means by a 401. All its cases carry the same code, so only the message tells them apart (salla.md 2.4)."""

from enum import StrEnum


class Unauthorized(StrEnum):
    """The cases that call for different actions; an inactive user and a deleted one are one."""

    USER_GONE = "user_gone"
    REFRESH_REUSED = "refresh_reused"
    SCOPE_MISSING = "scope_missing"
    ACCESS_INVALID = "access_invalid"


class Action(StrEnum):
    """What a caller does after it reported a 401."""

    RETRY = "retry"
    """A working access token may be had now; try once more with it."""
    STOP = "stop"
    """Nothing of this store can be called until the merchant reconnects it."""


def classify(message: str) -> Unauthorized:
    """The case that Salla's message describes; anything unknown is an invalid token, which a refresh may cure."""
    text = message.casefold()
    if "access to one of those scopes" in text:
        return Unauthorized.SCOPE_MISSING
    if "user is not exists" in text or "حسابك غير مفعل" in text:
        return Unauthorized.USER_GONE
    if "authorization grant" in text and "refresh token" in text:
        return Unauthorized.REFRESH_REUSED
    return Unauthorized.ACCESS_INVALID
