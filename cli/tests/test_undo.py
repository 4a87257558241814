"""``thaman undo`` in front of a person: it asks, and what is answered is what happens."""

import asyncio
import io
import sys
from typing import Any, Self

import pytest

from thaman_cli.commands.undo import _undo
from thaman_cli.output import Output

ITEM: dict[str, Any] = {
    "item": "1",
    "name": "عود",
    "from_shelf_price": 9_700,
    "to_shelf_price": 10_000,
    "reason_ar": None,
    "reason_en": None,
}
PLAN = {"digest": "d1", "restore": 1, "leave": 0, "items": [ITEM]}


class Answers:
    """The optimizer's answers; the real ones are asked in tests/faults."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def post(self, service: str, path: str, body: Any) -> Any:
        self.asked.append((path, body))
        return PLAN if path.endswith("/preview") else {"undo_id": "u1", "decisions": [{}], "left": []}


class Person(io.StringIO):
    """A terminal at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "carried_out"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked(answer: str, carried_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Person(answer))
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    api: Any = Answers()
    asyncio.run(_undo(Output(), api, "/stores/1/undo", {"scope": "run"}, yes=False))
    assert [path for path, _ in api.asked] == ["/stores/1/undo/preview", *(["/stores/1/undo"] if carried_out else [])]
    if carried_out:
        assert api.asked[1][1] == {"scope": "run", "shown_digest": "d1"}


def test_nobody_is_asked_who_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    api: Any = Answers()
    asyncio.run(_undo(Output(), api, "/stores/1/undo", {"scope": "run"}, yes=False))
    assert len(api.asked) == 1
    out = capsys.readouterr().out
    assert "100.00" in out and "Add --yes" in out
