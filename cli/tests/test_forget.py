"""``thaman forget`` in front of a person: it shows what goes and asks, and what is answered is what happens."""

import asyncio
import io
import sys
from typing import Any, Self

import pytest

from thaman_cli.commands.forget import _forget
from thaman_cli.output import Output

HELD = {"keys": 1, "profiles": 1, "tokens": 1, "installs": 0, "webhooks": 0, "api_keys": 2}
KEPT: dict[str, Any] = {"state": "kept", "connected": True, "due_at": None, "forgotten_at": None, "held": HELD}


class Answers:
    """Onboarding's answers; the real ones are asked in tests/end_to_end."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def get(self, service: str, path: str) -> Any:
        return KEPT

    async def post(self, service: str, path: str, body: Any) -> Any:
        self.asked.append((path, body))
        return KEPT | {"state": "forgotten", "forgotten_at": "2026-11-29T02:00:00Z"}


class Person(io.StringIO):
    """A terminal at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("\n", False)])
def test_a_person_is_asked(
    answer: str, done: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Person(answer))
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    api: Any = Answers()
    asyncio.run(_forget(Output(), api, "77", now=True, yes=False))
    assert api.asked == ([("/stores/77/forgetting", {"now": True})] if done else [])
    out = capsys.readouterr().out
    assert "cannot be taken back" in out and "API keys" in out and "on their way in" not in out


def test_nobody_is_asked_who_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    api: Any = Answers()
    asyncio.run(_forget(Output(), api, "77", now=True, yes=False))
    assert api.asked == []
    assert "Add --yes" in capsys.readouterr().out
