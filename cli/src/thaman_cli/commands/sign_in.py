"""``thaman sign-in``: a one-time link into a store's dashboard, or to the operator's pages over all stores."""

import asyncio
from typing import Annotated

import typer

from thaman_cli.api import Api
from thaman_cli.errors import BadUsage
from thaman_cli.links import ROLES, Link, OperatorLink, make_link, make_operator_link
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output


def sign_in(
    store: Annotated[str | None, typer.Argument(metavar="STORE", help="Salla's id of the store.")] = None,
    role: Annotated[str, typer.Option(help=f"What it lets the person be: {', '.join(ROLES)}.")] = "owner",
    operator: Annotated[bool, typer.Option("--operator", help="To the operator's pages over all stores.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a link that signs one person in to a store's dashboard. It works once, within minutes; shown this once."""
    if operator == (store is not None):
        raise BadUsage("It is not clear where to", "a link leads to one store or to all", "Name STORE or --operator.")
    if role not in ROLES:
        raise BadUsage(f"There is no role {role!r}", "a name was mistyped", f"Choose from {', '.join(ROLES)}.")
    out, api = Output(as_json=as_json), Api.of(home_of(home))
    link = asyncio.run(_make(api, store, role))
    out.result(link.as_dict(), f"{link.url}\nIt works once, until {link.expires_at:%H:%M:%S} UTC.")


async def _make(api: Api, store: str | None, role: str) -> Link | OperatorLink:
    async with api:
        return await make_operator_link(api) if store is None else await make_link(api, store, role)
