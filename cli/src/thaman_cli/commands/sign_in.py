"""``thaman sign-in``: a one-time link into a store's dashboard."""

import asyncio
from typing import Annotated

import typer

from thaman_cli.api import Api
from thaman_cli.errors import BadUsage
from thaman_cli.links import ROLES, Link, make_link
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output


def sign_in(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    role: Annotated[str, typer.Option(help=f"What it lets the person be: {', '.join(ROLES)}.")] = "owner",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a link that signs one person in to a store's dashboard. It works once, within minutes; shown this once."""
    if role not in ROLES:
        raise BadUsage(f"There is no role {role!r}", "a name was mistyped", f"Choose from {', '.join(ROLES)}.")
    out, api = Output(as_json=as_json), Api.of(home_of(home))
    link = asyncio.run(_make(api, store, role))
    out.result(link.as_dict(), f"{link.url}\nIt works once, until {link.expires_at:%H:%M:%S} UTC.")


async def _make(api: Api, store: str, role: str) -> Link:
    async with api:
        return await make_link(api, store, role)
