"""``thaman undo``: look what would be put back, then put it back."""

import asyncio
import sys
from typing import Annotated, Any

import typer

from thaman_cli.api import Api
from thaman_cli.errors import BadUsage
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table
from thaman_contracts.money import riyals

_SHOWN = 50
_COLUMNS = ("item", "name", "now", "then", "why it stays")


def undo(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    decision: Annotated[list[str] | None, typer.Option(help="A decision; may be given several times.")] = None,
    run: Annotated[str | None, typer.Option(help="All that a run, or an earlier undo, decided.")] = None,
    as_of: Annotated[str | None, typer.Option(help=f"Prices as they were at an instant. {HELP}")] = None,
    policy: Annotated[int | None, typer.Option(help="All that a version of the pricing policy decided.")] = None,
    offer: Annotated[str | None, typer.Option(help="All that rests on a rival's page: its address.")] = None,
    since: Annotated[str | None, typer.Option(help="With --policy or --offer: decided at or after it.")] = None,
    until: Annotated[str | None, typer.Option(help="With --policy or --offer: decided before it.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="Only this product (or product/variant); repeatable.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: undo what the preview shows.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Put earlier prices back, by new decisions that are written like any other. What was changed since stays."""
    named = {"decision_ids": decision, "run_id": run, "at": as_of, "policy_version": policy, "url": offer}
    body = _body(named, since, until, item)
    out, api = Output(as_json=as_json), Api.of(home_of(home))
    asyncio.run(_undo(out, api, f"/stores/{store}/undo", body, yes))


def _body(named: dict[str, Any], since: str | None, until: str | None, items: list[str] | None) -> dict[str, Any]:
    given = {name: value for name, value in named.items() if value}
    if len(given) != 1:
        raise BadUsage(
            "It is not clear what to undo",
            "exactly one of --decision, --run, --as-of, --policy and --offer names it",
            "See `thaman undo --help`.",
        )
    (name,) = given
    scopes = {
        "decision_ids": "decisions",
        "run_id": "run",
        "at": "as_of",
        "policy_version": "policy",
        "url": "offer",
    }
    times = {"at": instant_of(named["at"]), "since": instant_of(since), "until": instant_of(until)}
    given |= {name: value.isoformat() for name, value in times.items() if value is not None}
    return given | {"scope": scopes[name]} | ({"items": items} if items else {})


async def _undo(out: Output, api: Api, path: str, body: dict[str, Any], yes: bool) -> None:
    async with api:
        plan = await api.post("optimizer", f"{path}/preview", body)
        _show(out, plan["items"])
        if not plan["restore"]:
            out.result({"preview": plan}, "No price would be put back.")
            return
        if not yes and not _is_wanted(out, plan["restore"]):
            out.result({"preview": plan}, "Nothing was changed. Add --yes to put these prices back.")
            return
        done = await api.post("optimizer", path, body | {"shown_digest": plan["digest"]})
    count, undo_id = len(done["decisions"]), done["undo_id"]
    text = f"{count} price(s) are being put back as undo {undo_id}; take it back with `--run {undo_id}`."
    out.result(done, text)


def _is_wanted(out: Output, count: int) -> bool:
    if out.as_json or not (sys.stdin.isatty() and out.console.is_terminal):
        return False
    return typer.confirm(f"Put {count} price(s) back?")


def _show(out: Output, items: list[dict[str, Any]]) -> None:
    rows = [
        (one["item"], one["name"] or "", *(_money(one[name]) for name in _PRICES), _reason(one))
        for one in items[:_SHOWN]
    ]
    if rows:
        out.console.print(table("undo", _COLUMNS, rows))
    if len(items) > _SHOWN:
        out.line(f"… and {len(items) - _SHOWN} more; --json shows all.")


def _reason(one: dict[str, Any]) -> str:
    return "" if one["reason_en"] is None else f"{one['reason_ar']}\n{one['reason_en']}"


_PRICES = ("from_shelf_price", "to_shelf_price")


def _money(amount: int | None) -> str:
    return "–" if amount is None else str(riyals(amount))
