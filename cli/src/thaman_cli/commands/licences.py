"""``thaman licences``: a store's discount licences, recorded, corrected and revoked; the audit judges."""

import asyncio
from typing import Annotated, Any

import typer
from rich.markup import escape

from thaman_cli.api import Api
from thaman_cli.commands.licence_options import takes_a_licence
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table

app = typer.Typer(help="Discount licences of a store; nothing is erased.", no_args_is_help=True)

Store = Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")]
Licence = Annotated[str, typer.Argument(metavar="LICENCE_ID", help="As `thaman licences list` shows it.")]
Stated = dict[str, Any]
Reason = Annotated[str, typer.Option(help="Why; it stays on record.")]

_COLUMNS = ("licence", "number", "authority", "from", "to", "for", "per cent", "revoked from")


@app.command("list")
def list_(store: Store, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show the licences as they stand."""
    answer = asyncio.run(_send(Api.of(home_of(home)), "GET", _path(store), None))
    rows = [tuple(escape(value) for value in _row(one)) for one in answer["items"]]
    Output(as_json=as_json).result(answer, table(f"Discount licences of store {store}", _COLUMNS, rows))


@app.command("record")
@takes_a_licence
def record(
    store: Store,
    licence: Stated,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Record a licence; with neither --product nor --category it is for the whole store."""
    answer = asyncio.run(_send(Api.of(home_of(home)), "POST", _path(store), licence))
    Output(as_json=as_json).result(answer, f"Licence {escape(answer['number'])} is on record: {answer['licence_id']}.")


@app.command("correct")
@takes_a_licence
def correct(
    store: Store,
    licence_id: Licence,
    licence: Stated,
    reason: Reason,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say a licence anew, whole. What was recorded before stays on record."""
    corrected = {"licence": licence, "reason": reason}
    answer = asyncio.run(_send(Api.of(home_of(home)), "PUT", f"{_path(store)}/{licence_id}", corrected))
    Output(as_json=as_json).result(answer, f"Licence {escape(answer['number'])} is on record as it is now.")


@app.command("revoke")
def revoke(
    store: Store,
    licence_id: Licence,
    reason: Reason,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="By default today, in Riyadh.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Let a licence no longer count from a day on; from its first day: it never did."""
    body = {"reason": reason} | ({"revoked_from": first} if first else {})
    answer = asyncio.run(_send(Api.of(home_of(home)), "POST", f"{_path(store)}/{licence_id}/revoke", body))
    text = f"Licence {escape(answer['number'])} does not count from {answer['revoked_from']} on."
    Output(as_json=as_json).result(answer, text)


def _path(store: str) -> str:
    return f"/stores/{store}/licences"


async def _send(api: Api, method: str, path: str, body: dict[str, Any] | None) -> Any:
    async with api:
        return await api.send(method, "onboarding", path, **({"json": body} if body is not None else {}))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    named = ", ".join([*one["product_ids"], *one["categories"]])
    limits = [one["min_discount_bp"], one["max_discount_bp"]]
    share = "–".join("…" if limit is None else f"{limit / 100:g}" for limit in limits) if any(limits) else ""
    dates = one["starts_on"], one["ends_on"]
    scope = named[:60] or "the whole store"
    return (one["licence_id"], one["number"], one["authority"], *dates, scope, share, one["revoked_from"] or "")
