"""``thaman settings``: installation-wide settings, which are versioned events of onboarding."""

import asyncio
import json
from typing import Annotated, Any

import typer

from thaman_cli.api import Api
from thaman_cli.errors import BadUsage
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table

app = typer.Typer(help="Installation-wide settings.", no_args_is_help=True)


@app.command("get")
def get(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show the settings in force."""
    answer = asyncio.run(_ask(Api.of(home_of(home)), "GET", None))
    _show(Output(as_json=as_json), answer)


@app.command("set")
def set_(
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="For example: stopped=true")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Change settings; the ones not named stay as they are."""
    body = dict(parse_change(change) for change in changes)
    answer = asyncio.run(_ask(Api.of(home_of(home)), "PATCH", body))
    _show(Output(as_json=as_json), answer)


def parse_change(text: str) -> tuple[str, Any]:
    """``name=value`` with a JSON value; a bare word is text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadUsage(f"{text!r} is not NAME=VALUE", "the equals sign is missing", "Write it like stopped=true.")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


async def _ask(api: Api, method: str, body: dict[str, Any] | None) -> Any:
    async with api:
        return await api.send(method, "onboarding", "/system/settings", **({"json": body} if body else {}))


def _show(out: Output, answer: dict[str, Any]) -> None:
    rows = [(name, json.dumps(value)) for name, value in answer["settings"].items()]
    out.result(answer, table(f"System settings, version {answer['settings_version']}", ("name", "value"), rows))
